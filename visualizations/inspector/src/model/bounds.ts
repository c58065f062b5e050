import type { AggregateBounds } from "../../../../src/inspector/feed/frame-aggregate.js";

/** What the page keeps in memory. The steps of an opened lock are requested from the server, which keeps more. */
export const aggregateBounds: AggregateBounds = {
  locks: 20_000,
  steps: 5_000,
  stepsOfLock: 200,
};

/** In a replay there is no server that keeps more. */
export const replayBounds: AggregateBounds = { locks: 20_000, steps: 20_000, stepsOfLock: 500 };
