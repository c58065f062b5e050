import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type Frame, parseFrame } from "../feed/frames.js";
import { LineError } from "./delta-decoder.js";
import { maxBytes, maxFrames, maxLineBytes, parseHeader, recordingVersion } from "./format.js";
import type { FrameStore } from "./frame-store.js";
import { LineReader } from "./line-reader.js";
import { PlainFrames } from "./plain-frames.js";
import { RecordedFrames } from "./recorded-frames.js";
import { RecordingError, systemReason } from "./recording-error.js";
import { framesOfStore } from "./store-frames.js";

export interface Recording {
  /** Epoch ms of its beginning. */
  readonly time: number;
  /** In the order of the file, whatever their times say. */
  readonly frames: Frame[];
  /** The last line is incomplete and is left out: its writer was killed. */
  readonly cutOff: boolean;
}

export interface ReadBounds {
  /**
   * Maximum bytes of the file (default 256 MB), bytes of a line (1 MB), and number of frames (1,000,000). For tests.
   */
  readonly bytes?: number;
  readonly lineBytes?: number;
  readonly frames?: number;
}

/** A recording that is read by and by. */
export interface OpenRecording {
  readonly store: FrameStore;
  /** The last block or line is incomplete and is left out: its writer was killed. */
  readonly cutOff: boolean;
  close(): Promise<void>;
}

/**
 * Opens a recording of any version. Of version 2 only the heads of the blocks are read.
 * @throws RecordingError "missing" or "corrupt", and nothing else
 */
export async function openFrames(path: string, bounds: ReadBounds = {}): Promise<OpenRecording> {
  const handle = await openFile(path);
  try {
    const start = await blocksOf(path, handle);
    if (start !== null) {
      const store = await RecordedFrames.open(path, handle, start);
      return { store, cutOff: store.cutOff, close: () => store.close() };
    }
    const { time, frames, cutOff } = await readLines(path, handle, bounds);
    await handle.close();
    return { store: new PlainFrames(frames, time), cutOff, close: async () => {} };
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw asRecordingError(error, path);
  }
}

/**
 * Reads a recording of any version as a whole.
 * @throws RecordingError "missing" or "corrupt", and nothing else
 */
export async function readRecording(path: string, bounds: ReadBounds = {}): Promise<Recording> {
  const handle = await openFile(path);
  try {
    const start = await blocksOf(path, handle);
    if (start === null) return await readLines(path, handle, bounds);
    const store = await RecordedFrames.open(path, handle, start);
    const { frames: maximum = maxFrames } = bounds;
    const frames: Frame[] = [];
    for await (const { frame } of framesOfStore(store)) {
      frames.push(frame);
      if (frames.length > maximum) throw tooManyFrames(path, maximum);
    }
    return { time: store.segments[0]?.from ?? 0, frames, cutOff: store.cutOff };
  } catch (error) {
    throw asRecordingError(error, path);
  } finally {
    await handle.close();
  }
}

/** Bytes in which the header's line must end. */
const maxHeaderBytes = 1_000;

/** Where the blocks begin; null for a recording of another version, or for what is no recording. */
async function blocksOf(path: string, handle: FileHandle): Promise<number | null> {
  const buffer = Buffer.alloc(maxHeaderBytes);
  const { bytesRead } = await handle.read(buffer, 0, maxHeaderBytes, 0);
  const end = buffer.subarray(0, bytesRead).indexOf("\n");
  const header = parseHeader(jsonOf(buffer.subarray(0, end === -1 ? bytesRead : end)));
  if (header === null || header.version === 1) return null;
  if (header.version === recordingVersion) return end === -1 ? bytesRead : end + 1;
  throw new RecordingError(
    "corrupt",
    path,
    `it is of version ${header.version}, and this holdfast reads version ${recordingVersion}: update it`,
  );
}

async function readLines(path: string, handle: FileHandle, bounds: ReadBounds): Promise<Recording> {
  const reader = new Reader(path, bounds);
  // The file may grow meanwhile, so the bytes that were read are counted, not the file's size.
  for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) reader.read(chunk);
  return reader.finish();
}

function asRecordingError(error: unknown, path: string): RecordingError {
  if (error instanceof RecordingError) return error;
  if (error instanceof LineError)
    return new RecordingError("corrupt", path, `a block cannot be read: ${error.message}`);
  return new RecordingError("missing", path, `cannot be read: ${systemReason(error)}`);
}

function tooManyFrames(path: string, maximum: number): RecordingError {
  return new RecordingError("corrupt", path, `it has more than ${maximum.toLocaleString("en")} frames`);
}

async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    // Non-blocking: opening a pipe that has no writer would hang.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new RecordingError("missing", path, `cannot be read: ${systemReason(error)}`);
  }
  const found = await handle.stat();
  if (found.isFile()) return handle;
  await handle.close();
  throw new RecordingError(
    "missing",
    path,
    `cannot be read: it is ${found.isDirectory() ? "a folder" : "no file"}`,
  );
}

/** Collects the frames of a recording of version 1. */
class Reader {
  private readonly frames: Frame[] = [];
  private readonly lines = new LineReader();
  private readonly bounds: Required<ReadBounds>;
  private time: number | null = null;
  private bytes = 0;
  private line = 0;

  constructor(
    private readonly path: string,
    { bytes = maxBytes, lineBytes = maxLineBytes, frames = maxFrames }: ReadBounds,
  ) {
    this.bounds = { bytes, lineBytes, frames };
  }

  read(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > this.bounds.bytes) throw this.error(`it is larger than ${inUnits(this.bounds.bytes)}`);
    for (const line of this.lines.cut(chunk)) this.take(line);
    if (this.lines.pending > this.bounds.lineBytes) throw this.tooLong(this.line + 1);
  }

  finish(): Recording {
    if (this.bytes === 0) throw this.error("it is empty, and no recording");
    const rest = this.lines.rest();
    // A writer that was killed early may have written no more than an incomplete header line.
    if (this.time === null) return { time: this.begin(jsonOf(rest)), frames: [], cutOff: false };
    const last = parseFrame(jsonOf(rest));
    if (last !== null) this.add(last);
    return { time: this.time, frames: this.frames, cutOff: rest.length > 0 && last === null };
  }

  private take(line: Buffer): void {
    this.line += 1;
    if (line.length > this.bounds.lineBytes) throw this.tooLong(this.line);
    const value = jsonOf(line);
    if (this.time === null) {
      this.time = this.begin(value);
      return;
    }
    const frame = parseFrame(value);
    if (frame === null)
      throw this.error(value === undefined ? "it is not JSON" : "it is no frame", this.line);
    this.add(frame);
  }

  private begin(value: unknown): number {
    const header = parseHeader(value);
    if (header === null) throw this.error('it is no recording: "holdfast watch --record" writes them');
    return header.time;
  }

  private add(frame: Frame): void {
    this.frames.push(frame);
    if (this.frames.length > this.bounds.frames) throw tooManyFrames(this.path, this.bounds.frames);
  }

  private tooLong(line: number): RecordingError {
    return this.error(`it is longer than ${inUnits(this.bounds.lineBytes)}`, line);
  }

  private error(what: string, line: number | null = null): RecordingError {
    return new RecordingError("corrupt", this.path, what, line);
  }
}

const inUnits = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${bytes} bytes` : `${bytes / 1024 / 1024} MB`;

/** Returns undefined for a line that is not JSON, or not UTF-8. */
function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return undefined;
  }
}
