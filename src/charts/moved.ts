import type { ChartLayout, Edge, StateBox } from "./layout.js";

/** A step of the chart from leaf to leaf, as the inspector reports it. */
export interface Moved {
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

/**
 * The part of the chart that represents a step: the arrow, which may start at a parent of `from` or end at a parent
 * of `to`, or the box of the state that does not change. Null if no part represents the step.
 */
export function shownBy(layout: ChartLayout, { event, from, to }: Moved): Edge | StateBox | null {
  const entered = new Map(layout.states.map(({ path, initial }) => [path, initial]));
  /** Whether entering this state leads to `to`. */
  const leadsIn = (path: string): boolean => {
    let leaf: string | null | undefined = path;
    for (let depth = 0; leaf && depth < layout.states.length; depth++) {
      if (leaf === to) return true;
      leaf = entered.get(leaf);
    }
    return false;
  };
  // As in the machine, a state's own transition takes precedence over those of its parents.
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

/** The state, its parents from the inside out, and the root: "acquiring.asking", "acquiring", "". */
export function around(path: string): string[] {
  const parts = path === "" ? [] : path.split(".");
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join(".")), ""];
}
