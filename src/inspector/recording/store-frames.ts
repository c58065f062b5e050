import { parseFrame } from "../feed/frames.js";
import type { ArrivedFrame } from "./arrivals.js";
import { DeltaDecoder, LineError } from "./delta-decoder.js";
import type { FrameStore } from "./frame-store.js";

/**
 * The frames of all segments, in order, without the repetitions with which the segments after the first begin. Checks each
 * frame.
 * @throws LineError for lines that are no frames, and what the store throws
 */
export async function* framesOfStore(store: FrameStore): AsyncGenerator<ArrivedFrame> {
  for (const [index, { from }] of store.segments.entries()) {
    const decoder = new DeltaDecoder(from);
    for (const line of (await store.lines(index)).split("\n")) {
      if (line === "") continue;
      const { frame, at, repeated } = decoder.decode(line);
      const checked = parseFrame(frame);
      if (checked === null) throw new LineError("it is no frame");
      if (!repeated || index === 0) yield { frame: checked, at };
    }
  }
}
