/** Maximum transit time of a frame in ms. A longer delay means that a clock was set. */
const maxTransitMs = 5_000;

/**
 * By how many ms a process's clock is behind the observer's clock: the minimum of what its frames took since one of the
 * clocks was set. `known`: by the frames before. `delay`: from the frame's own time to its arrival.
 */
export const lagAfter = (known: number | undefined, delay: number): number =>
  known === undefined || delay > known + maxTransitMs ? delay : Math.min(known, delay);

/** The range of a Date. */
const maxEpoch = 8.64e15;

/** A time of a process in epoch ms by the observer's clock, within the range of a Date whatever a hostile frame says. */
export const observedTime = (time: number, lag: number): number =>
  Math.max(-maxEpoch, Math.min(maxEpoch, time + lag));
