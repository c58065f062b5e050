import type { Step } from "../../../../src/inspector/feed/frames.js";

/**
 * The steps after the last shown step; all steps if none was shown. Returns null if the last shown step is not in the
 * history: time has gone back, or too many steps were missed, and there is nothing to follow.
 */
export function newSteps(history: readonly Step[], last: Step | null): readonly Step[] | null {
  if (last === null) return history;
  const at = history.lastIndexOf(last);
  return at < 0 ? null : history.slice(at + 1);
}

/** Maximum number of steps waiting to be shown; beyond it the oldest are skipped. */
export const maxQueueLength = 30;

/**
 * Time in ms for which a step stays highlighted before the next one: long enough to be seen, and short enough for the
 * chart not to fall behind.
 */
export function highlightMs(waiting: number): number {
  if (waiting <= 3) return 260;
  return waiting <= 8 ? 120 : 40;
}
