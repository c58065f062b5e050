/**
 * The position of every part of a chart, in px from the upper left corner. Plain data, so that a page can include it.
 */
export interface ChartLayout {
  readonly name: ChartName;
  readonly width: number;
  readonly height: number;
  /** Each state comes before its substates. */
  readonly states: readonly StateBox[];
  /** The arrows from a dot to the initial state of each parent and of the whole chart. */
  readonly starts: readonly Start[];
  readonly edges: readonly Edge[];
}

export const chartNames = ["lock", "node", "manager", "election", "shared"] as const;
export type ChartName = (typeof chartNames)[number];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Point = readonly [x: number, y: number];

export interface StateBox extends Box {
  /** As in the inspector: "acquiring.asking". Empty for the box of actions that apply to every state. */
  readonly path: string;
  /** Path of the initial substate; null if there are no substates. */
  readonly initial: string | null;
  /** The actions on entry and exit, and on events that do not leave the state. */
  readonly notes: readonly Note[];
}

/** A line in a state's box. */
export interface Note {
  /** "entry", "exit", or an event that does not leave the state. */
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
  /** A line with right angles; the last point is the arrow's tip. */
  readonly points: readonly Point[];
  /** The box of the labels, one line each. */
  readonly label: Box;
  readonly labels: readonly EdgeLabel[];
}

export interface EdgeLabel {
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
}
