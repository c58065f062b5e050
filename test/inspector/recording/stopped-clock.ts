import type { Clock } from "../../../src/engine/time/clock.js";

/** A clock that stands still until it is set. Its timers never fire. */
export interface StoppedClock extends Clock {
  now: number;
}

export function clockAt(now: number): StoppedClock {
  const clock = {
    now,
    wall: () => clock.now,
    monotonic: () => clock.now,
    after: () => ({ cancel: () => undefined }),
  };
  return clock as StoppedClock;
}
