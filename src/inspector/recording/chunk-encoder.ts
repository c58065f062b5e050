import { type BrotliCompress, constants, createBrotliCompress } from "node:zlib";
import type { Clock, Timer } from "../../engine/time/clock.js";
import type { Frame } from "../feed/frames.js";
import type { Chunk } from "./chunk.js";
import { DeltaEncoder } from "./delta-encoder.js";

/** Time in ms for which lines are collected, and the raw bytes at which they are compressed earlier. */
const collectTime = 1_000;
const collectBytes = 256 * 1024;
/** A new segment begins after this time in ms, or after so many raw bytes. */
const segmentTime = 300_000;
const segmentBytes = 8 * 1024 * 1024;

/** Fast enough for 1,000 steps a second at a few percent of a core, and half the size of gzip for these lines. */
const quality = 5;

interface Batch {
  readonly begins: boolean;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * Turns frames into compressed chunks. Compression happens outside of the event loop; what waits for it is bounded by the
 * caller, with `waiting`. A segment is one compressed stream, which is flushed with each chunk.
 */
export class ChunkEncoder {
  /** Raw characters that are not compressed yet. */
  waiting = 0;
  private readonly encoder = new DeltaEncoder();
  private lines: string[] = [];
  private size = 0;
  private begins = true;
  private from = 0;
  private to = 0;
  private segment = { from: 0, raw: 0 };
  private timer: Timer | null = null;
  private compressor: Compressor | null = null;
  private working: Promise<void> = Promise.resolve();

  /** `onChunk` may return a promise, for which the next chunk waits. It must not throw. */
  constructor(
    private readonly clock: Clock,
    private readonly onChunk: (chunk: Chunk) => Promise<void> | void,
  ) {}

  write(frame: Frame): void {
    const now = this.clock.wall();
    const { from, raw } = this.segment;
    if (raw > segmentBytes || now - from >= segmentTime || now < from) this.beginSegment(now);
    this.add(this.encoder.encode(frame, now), now);
    if (this.size >= collectBytes) this.flush();
    else this.timer ??= this.clock.after(collectTime, () => this.flush(), true);
  }

  /** Compresses what was collected. */
  flush(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.lines.length === 0) return;
    const { begins, from, to } = this;
    const batch: Batch = { begins, from, to, text: `${this.lines.join("\n")}\n` };
    this.lines = [];
    this.size = 0;
    this.begins = false;
    this.working = this.working.then(() => this.compress(batch));
  }

  /** Resolves when all chunks were given away. */
  async settle(): Promise<void> {
    this.flush();
    await this.working;
  }

  async end(): Promise<void> {
    await this.settle();
    this.compressor?.end();
  }

  private beginSegment(now: number): void {
    this.flush();
    const lines = this.encoder.begin();
    this.begins = true;
    this.segment = { from: now, raw: 0 };
    for (const line of lines) this.add(line, now);
  }

  private add(line: string, now: number): void {
    if (this.lines.length === 0) this.from = now;
    this.to = now;
    this.lines.push(line);
    this.size += line.length + 1;
    this.segment.raw += line.length + 1;
    this.waiting += line.length + 1;
  }

  private async compress({ begins, from, to, text }: Batch): Promise<void> {
    if (begins || this.compressor === null) {
      this.compressor?.end();
      this.compressor = new Compressor();
    }
    const payload = await this.compressor.compress(text);
    this.waiting -= text.length;
    await this.onChunk({ begins, from, to, raw: Buffer.byteLength(text), payload });
  }
}

class Compressor {
  private readonly stream: BrotliCompress;
  private parts: Buffer[] = [];

  constructor() {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    };
    this.stream = createBrotliCompress({ params });
    this.stream.on("data", (part: Buffer) => this.parts.push(part));
  }

  compress(text: string): Promise<Buffer> {
    return new Promise((resolve) => {
      this.stream.write(text);
      this.stream.flush(constants.BROTLI_OPERATION_FLUSH, () => {
        const payload = Buffer.concat(this.parts);
        this.parts = [];
        resolve(payload);
      });
    });
  }

  end(): void {
    this.stream.destroy();
  }
}
