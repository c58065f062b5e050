import type { AggregateBounds } from "../../../../src/inspector/feed/frame-aggregate.js";

/** What the page keeps in memory. The steps of a lock that is opened are asked of the server, which remembers more. */
export const worldBounds: AggregateBounds = { locks: 20_000, steps: 5_000, stepsOfLock: 200 };
