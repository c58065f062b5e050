import type { Frame } from "../../../../src/inspector/feed/frames.js";

/** The least that a replay goes on by: a frame, or one step of one. */
export interface Moment {
  readonly frame: Frame;
  /** Epoch ms by the recording's own clock, which never goes back. */
  readonly time: number;
  /** The lock whose chart takes a step; null for what else a process tells. */
  readonly steps: string | null;
}

/**
 * A recording, taken apart so that each moment holds one lock's step at most. Processes' clocks may differ: the one that
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
