import { type Frame, parseFrame } from "../feed/frames.js";
import { DeltaDecoder, LineError } from "./delta-decoder.js";
import type { FrameStore } from "./frame-store.js";

/**
 * The frames of all segments, in order, without the repetitions with which the segments after the first begin. Checks each
 * frame.
 * @throws LineError for lines that are no frames, and what the store throws
 */
export async function* framesOfStore(store: FrameStore): AsyncGenerator<Frame> {
  for (let index = 0; index < store.segments.length; index += 1) {
    const decoder = new DeltaDecoder();
    for (const line of (await store.lines(index)).split("\n")) {
      if (line === "") continue;
      const { frame, repeated } = decoder.decode(line);
      const checked = parseFrame(frame);
      if (checked === null) throw new LineError("it is no frame");
      if (!repeated || index === 0) yield checked;
    }
  }
}
