/** What recent-frames.ts has, for a browser: the frames are kept as they are, because it has no compression in one call. */
import type { Clock } from "../../engine/time/clock.js";
import type { Frame } from "../feed/frames.js";
import { DeltaEncoder } from "./delta-encoder.js";
import type { FrameStore, SegmentInfo } from "./frame-store.js";

/** A new segment begins after this time in ms, or after so many characters. */
const segmentTime = 60_000;
const segmentSize = 1024 * 1024;
/** The segments that are kept. */
const maxSegments = 60;

interface Segment extends SegmentInfo {
  to: number;
  size: number;
  readonly written: string[];
}

/** The frames of the last hour. */
export class RecentFrames implements FrameStore {
  #segments: Segment[] = [];
  readonly #encoder = new DeltaEncoder();

  constructor(private readonly clock: Clock) {}

  get segments(): readonly SegmentInfo[] {
    return this.#segments;
  }

  write(frame: Frame): void {
    const now = this.clock.wall();
    let last = this.#segments.at(-1);
    if (last === undefined || now - last.from >= segmentTime || last.size >= segmentSize) {
      last = { from: now, to: now, size: 0, written: [] };
      this.#segments = [...this.#segments, last].slice(-maxSegments);
      for (const line of this.#encoder.begin()) add(last, line, now);
    }
    add(last, this.#encoder.encode(frame, now), now);
  }

  async lines(index: number): Promise<string> {
    return (this.#segments[index]?.written ?? []).map((line) => `${line}\n`).join("");
  }

  async settle(): Promise<void> {}
}

function add(segment: Segment, line: string, now: number): void {
  segment.written.push(line);
  segment.size += line.length + 1;
  segment.to = now;
}
