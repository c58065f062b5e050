import type { Frame } from "../../../../src/inspector/feed/frames.js";
import { lagAfter } from "../../../../src/inspector/feed/lag.js";
import type { ArrivedFrame } from "../../../../src/inspector/recording/arrivals.js";

/** The smallest unit of a replay: a frame, or one step of a frame. */
export interface Moment {
  readonly frame: Frame;
  /** Epoch ms by the recorder's clock; never goes back. */
  readonly time: number;
  /** The lock that takes a step; null for other content of a frame. */
  readonly steps: string | null;
}

/**
 * Splits a recording so that each moment contains at most one step. A frame is shown when it arrived, and a step when it was
 * taken, as far as the clock of its process can be set right.
 */
export function momentsOf(frames: readonly ArrivedFrame[]): readonly Moment[] {
  const moments: Moment[] = [];
  const lags = new Map<string, number>();
  let time = Number.NEGATIVE_INFINITY;
  for (const { frame, at } of frames) {
    const lag = lagAfter(lags.get(frame.source), at - frame.time);
    lags.set(frame.source, lag);
    if (frame.kind !== "steps") {
      time = Math.max(time, at);
      moments.push({ frame, time, steps: null });
      continue;
    }
    for (const step of frame.steps) {
      time = Math.max(time, Math.min(at, step.time + lag));
      moments.push({ frame: { ...frame, time: step.time, steps: [step] }, time, steps: step.lock.id });
    }
  }
  return moments;
}
