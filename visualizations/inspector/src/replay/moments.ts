import type { Frame } from "../../../../src/inspector/feed/frames.js";

/** The smallest unit of a replay: a frame, or one step of a frame. */
export interface Moment {
  readonly frame: Frame;
  /** Epoch ms by the recording's own clock, which never goes back. */
  readonly time: number;
  /** The lock that takes a step; null for other content of a frame. */
  readonly steps: string | null;
}

/**
 * Splits a recording so that each moment contains at most one step. If the clocks of processes differ, the clock that
 * is ahead counts.
 */
export function momentsOf(frames: readonly Frame[]): readonly Moment[] {
  const moments: Moment[] = [];
  let time = Number.NEGATIVE_INFINITY;
  for (const frame of frames) {
    if (frame.kind !== "steps") {
      time = Math.max(time, frame.time);
      moments.push({ frame, time, steps: null });
      continue;
    }
    for (const step of frame.steps) {
      time = Math.max(time, step.time);
      moments.push({ frame: { ...frame, time: step.time, steps: [step] }, time, steps: step.lock.id });
    }
  }
  return moments;
}
