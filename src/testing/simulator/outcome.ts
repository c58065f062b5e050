/** A violation of what Holdfast promises. */
export interface Violation {
  /** The checker that found the violation. */
  readonly checker: string;
  /** ms of true time. */
  readonly time: number;
  readonly what: string;
}

/** How often each kind of operation, event, fault and check occurred in a run. */
export type Counts = Record<string, number>;

/** The result of a run. */
export interface Outcome {
  readonly violations: readonly Violation[];
  /** The number of pairs of leases on one resource that were valid at the same time. */
  readonly overlaps: number;
  readonly counts: Counts;
  /** The simulated time in ms. */
  readonly time: number;
  /** A hash of all events, equal for equal runs on every machine. */
  readonly hash: string;
  /** The events of the run, one per line; empty unless requested. */
  readonly trace: readonly string[];
}
