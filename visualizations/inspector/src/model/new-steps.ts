import type { Step } from "../../../../src/inspector/feed/frames.js";

/**
 * The steps after the one that was shown last, all if none was; null if that one is not among them: then time has gone
 * back, or too much was missed, and there is nothing to follow.
 */
export function newSteps(history: readonly Step[], last: Step | null): readonly Step[] | null {
  if (last === null) return history;
  const at = history.lastIndexOf(last);
  return at < 0 ? null : history.slice(at + 1);
}

/** Steps that wait to be shown; beyond that the oldest are left out. */
export const longestQueue = 30;

/** ms that a step stays lit before the next one, so that an eye can follow, and the picture is not late by much. */
export function dwell(waiting: number): number {
  if (waiting <= 3) return 260;
  return waiting <= 8 ? 120 : 40;
}
