import type { Frame } from "../feed/frames.js";
import { EstimatedArrivals } from "./arrivals.js";
import { DeltaEncoder } from "./delta-encoder.js";
import type { FrameStore, SegmentInfo } from "./frame-store.js";

/** A new segment begins after this time in ms, or after so many characters. */
const segmentTime = 300_000;
const segmentSize = 8 * 1024 * 1024;

interface Segment extends SegmentInfo {
  readonly text: string;
}

/** The frames of a recording of version 1, which has no segments. `time`: epoch ms of its beginning. */
export class PlainFrames implements FrameStore {
  readonly segments: readonly Segment[];

  constructor(frames: readonly Frame[], time = frames[0]?.time ?? 0) {
    const segments: Segment[] = [];
    const encoder = new DeltaEncoder();
    let lines: string[] = [];
    const arrivals = new EstimatedArrivals(Math.max(time, frames[0]?.time ?? time));
    let [from, to, size] = [time, time, 0];
    const add = (line: string) => {
      lines.push(line);
      size += line.length + 1;
    };
    for (const frame of frames) {
      to = arrivals.of(frame);
      if (to - from >= segmentTime || size >= segmentSize) {
        segments.push({ from, to, size, text: `${lines.join("\n")}\n` });
        [lines, from, size] = [[], to, 0];
        for (const line of encoder.begin()) add(line);
      }
      add(encoder.encode(frame, to));
    }
    segments.push({ from, to, size, text: `${lines.join("\n")}\n` });
    this.segments = segments;
  }

  async lines(index: number): Promise<string> {
    return this.segments[index]?.text ?? "";
  }
}
