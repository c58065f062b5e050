/** Where everything of a chart goes, in px from its upper left corner. Plain data, so that a page can have it. */
export interface ChartLayout {
  readonly name: ChartName;
  readonly width: number;
  readonly height: number;
  /** Each state before those that are in it. */
  readonly states: readonly StateBox[];
  /** The arrow from a dot to the state that its parent, or the whole chart, begins in. */
  readonly starts: readonly Start[];
  readonly edges: readonly Edge[];
}

export const chartNames = ["lock", "node", "manager"] as const;
export type ChartName = (typeof chartNames)[number];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Point = readonly [x: number, y: number];

export interface StateBox extends Box {
  /** As the inspector has it: "acquiring.asking". Empty: no state, but what holds in each of them. */
  readonly path: string;
  /** Path of the state within it that it begins in; null for one without. */
  readonly initial: string | null;
  /** What it does on entry and exit, and on events that it stays in. */
  readonly notes: readonly Note[];
}

/** A line in a state's box. */
export interface Note {
  /** "entry", "exit", or the event that it stays in. */
  readonly on: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
}

interface Start {
  readonly to: string;
  readonly points: readonly Point[];
}

/** All transitions from one state to another. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** With right angles; the last one is the arrow's tip. */
  readonly points: readonly Point[];
  /** One line for each of the labels. */
  readonly label: Box;
  readonly labels: readonly EdgeLabel[];
}

export interface EdgeLabel {
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
}
