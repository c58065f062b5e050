import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import type { Clock } from "../../engine/time/clock.js";
import { systemClock } from "../../engine/time/system-clock.js";
import type { Frame } from "../feed/frames.js";
import { type Chunk, headOf } from "./chunk.js";
import { ChunkEncoder } from "./chunk-encoder.js";
import { headerOf, maxBytes } from "./format.js";
import { RecordingError, systemReason } from "./recording-error.js";

/** Maximum number of characters that may wait for the compression and the disk. */
const maxWaiting = 16 * 1024 * 1024;
/** A recording that is too large is cut down to this part of its maximum, so that it is seldom copied. */
const keptPart = 0.8;
/** Bytes that are copied at a time. */
const copyBytes = 1024 * 1024;

export interface RecordingOptions {
  /** Replaces an existing file. Default: an existing file is refused. */
  readonly force?: boolean;
  /** How long frames are kept, in ms. Default: as long as there is room. */
  readonly keep?: number;
  /** Maximum bytes of the file; beyond it the oldest frames are dropped. Default 256 MB. */
  readonly maxSize?: number;
  /** Called once when writing fails, for example because the disk is full. Later frames are ignored. */
  readonly onFailure?: (error: RecordingError) => void;
  /** For tests: the clock, and the maximum characters that may wait (16 MB). */
  readonly clock?: Clock;
  readonly waiting?: number;
}

/**
 * Records frames as they arrive. They are compressed and handed to the system every second, so a process that is killed
 * loses at most about the last second.
 */
export interface RecordingWriter {
  /** Never waits and never throws. Returns false if the frame was left out. */
  write(frame: Frame): boolean;
  /** Number of frames left out because the disk was too slow. Every frame is absolute, so the others remain valid. */
  readonly dropped: number;
  /** Number of frames accepted. */
  readonly frames: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Resolves when everything accepted so far is in the file. Never rejects. */
  settle(): Promise<void>;
  /** Resolves when everything is written. Never rejects: see `onFailure`. */
  close(): Promise<void>;
}

/** @throws RecordingError "unwritable" if the file exists already, or cannot be created */
export async function openRecording(path: string, options: RecordingOptions = {}): Promise<RecordingWriter> {
  const handle = await openFile(path, options.force ?? false);
  const recording = new FileRecording(path, handle, options);
  await recording.begin();
  return recording;
}

/** Non-blocking: opening a pipe that has no reader would hang and could not be aborted. */
async function openFile(path: string, force: boolean): Promise<FileHandle> {
  const { O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NONBLOCK } = constants;
  // Undefined on systems without the flag (Windows), whatever its type says.
  const flags = O_CREAT | (force ? O_TRUNC : O_EXCL) | (O_NONBLOCK ?? 0);
  try {
    // Read to be cut down. What can only be written, such as a pipe, is not cut down.
    return await open(path, flags | O_RDWR, 0o666).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EACCES") throw error;
      return open(path, flags | O_WRONLY, 0o666);
    });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    const why = exists
      ? "the file exists already: name another one, or replace it with --force"
      : systemReason(error);
    throw new RecordingError("unwritable", path, `cannot record: ${why}`);
  }
}

/** Where a segment begins in the file, and epoch ms of its last frame. */
interface Segment {
  readonly start: number;
  readonly from: number;
  to: number;
}

class FileRecording implements RecordingWriter {
  dropped = 0;
  frames = 0;
  bytes = 0;
  private segments: Segment[] = [];
  private isFile = false;
  private failed = false;
  private closed = false;
  private readonly encoder: ChunkEncoder;
  private readonly clock: Clock;

  constructor(
    private readonly path: string,
    private handle: FileHandle,
    private readonly options: RecordingOptions,
  ) {
    this.clock = options.clock ?? systemClock;
    this.encoder = new ChunkEncoder(this.clock, (chunk) => this.append(chunk));
  }

  async begin(): Promise<void> {
    try {
      this.isFile = (await this.handle.stat()).isFile();
      await this.put(headerOf(this.clock.wall()));
    } catch (error) {
      this.fail(error);
    }
  }

  write(frame: Frame): boolean {
    if (this.failed || this.closed) return false;
    if (this.encoder.waiting >= (this.options.waiting ?? maxWaiting)) {
      this.encoder.flush();
      this.dropped += 1;
      return false;
    }
    this.frames += 1;
    this.encoder.write(frame);
    return true;
  }

  settle(): Promise<void> {
    return this.encoder.settle();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.encoder.end();
    await this.handle.close().catch((error) => this.fail(error));
  }

  private async append(chunk: Chunk): Promise<void> {
    if (this.failed) return;
    try {
      if (chunk.begins) this.segments.push({ start: this.bytes, from: chunk.from, to: chunk.to });
      const last = this.segments.at(-1);
      if (last !== undefined) last.to = chunk.to;
      await this.put(Buffer.concat([headOf(chunk), chunk.payload]));
      if (this.isFile) await this.rotate();
    } catch (error) {
      this.fail(error);
    }
  }

  private async put(bytes: Buffer): Promise<void> {
    await this.handle.appendFile(bytes);
    this.bytes += bytes.length;
  }

  /** Drops the oldest segments if the file is too large, or they are too old. */
  private async rotate(): Promise<void> {
    const { maxSize = maxBytes, keep = Number.POSITIVE_INFINITY } = this.options;
    const oldest = this.clock.wall() - keep;
    // A tenth of the time is kept beyond it, so that the file is seldom copied.
    const isOld = (this.segments[0]?.to ?? oldest) < oldest - keep / 10;
    if (this.bytes <= maxSize && !isOld) return;
    const room = this.bytes > maxSize ? maxSize * keptPart : maxSize;
    // The last segment is still written to.
    const first = this.segments.findIndex(
      ({ start, to }, at) => at === this.segments.length - 1 || (this.bytes - start <= room && to >= oldest),
    );
    if (first > 0) await this.dropBefore(first);
  }

  /** Copies what is kept into a new file that takes the place of this one, so that there is a whole one at all times. */
  private async dropBefore(first: number): Promise<void> {
    const kept = this.segments.slice(first);
    const [{ start, from } = { start: 0, from: 0 }] = kept;
    const copyPath = `${this.path}.${process.pid}.part`;
    await rm(copyPath, { force: true });
    const copy = await open(copyPath, "ax+", 0o666);
    try {
      const header = headerOf(from);
      await copy.appendFile(header);
      const buffer = Buffer.alloc(copyBytes);
      for (let at = start; at < this.bytes; ) {
        const { bytesRead } = await this.handle.read(buffer, 0, Math.min(copyBytes, this.bytes - at), at);
        if (bytesRead === 0) break;
        await copy.appendFile(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
      await rename(copyPath, this.path);
      await this.handle.close();
      this.handle = copy;
      const moved = header.length - start;
      this.bytes += moved;
      this.segments = kept.map((segment) => ({ ...segment, start: segment.start + moved }));
    } catch (error) {
      await copy.close().catch(() => undefined);
      await rm(copyPath, { force: true });
      throw error;
    }
  }

  private fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.options.onFailure?.(
      new RecordingError("unwritable", this.path, `cannot record any further: ${systemReason(error)}`),
    );
  }
}
