import type { ChartLayout, Edge, StateBox } from "./layout.js";

/** A step of the chart, as the inspector has it: from leaf to leaf. */
export interface Moved {
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What shows a step: the arrow, which may leave from a state around `from`, or enter one around `to`; or the box of the
 * state that it stays in. Null if nothing shows it.
 */
export function shownBy(layout: ChartLayout, { event, from, to }: Moved): Edge | StateBox | null {
  const entered = new Map(layout.states.map(({ path, initial }) => [path, initial]));
  /** Whether who enters this state ends in `to`. */
  const leadsIn = (path: string): boolean => {
    let leaf: string | null | undefined = path;
    for (let depth = 0; leaf && depth < layout.states.length; depth++) {
      if (leaf === to) return true;
      leaf = entered.get(leaf);
    }
    return false;
  };
  // As in the machine, a state's own transition goes before those of the states around it.
  for (const source of around(from)) {
    const edge = layout.edges.find(
      (one) => one.from === source && one.labels.some((label) => label.event === event) && leadsIn(one.to),
    );
    if (edge !== undefined) return edge;
    const box = layout.states.find(
      ({ path, notes }) => from === to && path === source && notes.some(({ on }) => on === event),
    );
    if (box !== undefined) return box;
  }
  return null;
}

/** The state itself, those around it from within, and what holds in each: "acquiring.asking", "acquiring", "". */
export function around(path: string): string[] {
  const parts = path === "" ? [] : path.split(".");
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join(".")), ""];
}
