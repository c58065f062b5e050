import type { Clock } from "../../engine/time/clock.js";
import type { Frame } from "../feed/frames.js";
import { type Chunk, headOf } from "./chunk.js";
import { ChunkEncoder } from "./chunk-encoder.js";
import { headerOf } from "./format.js";
import type { FrameStore, SegmentInfo } from "./frame-store.js";
import { textOfSegment } from "./segment.js";

/** Time in ms for which frames are kept, and the maximum of compressed bytes. */
const keptTime = 3_600_000;
const defaultBytes = 16 * 1024 * 1024;
/** Characters that may wait for the compression. Beyond it frames are left out. */
const maxWaiting = 8 * 1024 * 1024;

interface Segment extends SegmentInfo {
  readonly chunks: readonly Chunk[];
  readonly bytes: number;
}

/** The compressed frames of the last hour. */
export class RecentFrames implements FrameStore {
  #segments: readonly Segment[] = [];
  #bytes = 0;
  readonly #encoder: ChunkEncoder;

  constructor(
    private readonly clock: Clock,
    private readonly maxBytes = defaultBytes,
  ) {
    this.#encoder = new ChunkEncoder(clock, (chunk) => this.#add(chunk));
  }

  get segments(): readonly SegmentInfo[] {
    return this.#segments;
  }

  /** Compressed bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  write(frame: Frame): void {
    if (this.#encoder.waiting < maxWaiting) this.#encoder.write(frame);
  }

  lines(index: number): Promise<string> {
    return textOfSegment((this.#segments[index]?.chunks ?? []).map(({ payload }) => payload));
  }

  /** Makes everything that was written readable. */
  async settle(): Promise<void> {
    await this.#encoder.settle();
  }

  /** The same as the file of a recording. */
  *file(): Generator<Buffer> {
    const segments = this.#segments;
    yield headerOf(segments[0]?.from ?? this.clock.wall());
    for (const { chunks } of segments) {
      for (const chunk of chunks) {
        yield headOf(chunk);
        yield chunk.payload;
      }
    }
  }

  #add(chunk: Chunk): void {
    const last = this.#segments.at(-1);
    const joined =
      chunk.begins || last === undefined
        ? [...this.#segments, segmentOf([chunk])]
        : [...this.#segments.slice(0, -1), segmentOf([...last.chunks, chunk])];
    this.#segments = this.#withinBounds(joined);
    this.#bytes = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whole segments go: the latter chunks of one cannot be read without the former. */
  #withinBounds(segments: readonly Segment[]): readonly Segment[] {
    let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    let first = 0;
    while (first < segments.length) {
      const oldest = segments[first]!;
      const isOld = oldest.to < this.clock.wall() - keptTime;
      if (!isOld && bytes <= this.maxBytes) break;
      bytes -= oldest.bytes;
      first += 1;
    }
    return segments.slice(first);
  }
}

function segmentOf(chunks: readonly Chunk[]): Segment {
  const from = chunks[0]?.from ?? 0;
  const to = chunks.at(-1)?.to ?? from;
  const size = chunks.reduce((sum, { raw }) => sum + raw, 0);
  const bytes = chunks.reduce((sum, { payload }) => sum + payload.length, 0);
  return { from, to, size, chunks, bytes };
}
