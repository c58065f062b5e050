import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type Frame, parseFrame } from "../feed/frames.js";
import { maxBytes, maxFrames, maxLineBytes, parseHeader, recordingVersion } from "./format.js";
import { LineReader } from "./line-reader.js";
import { RecordingError, systemReason } from "./recording-error.js";

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

/**
 * Reads a recording line by line.
 * @throws RecordingError "missing" or "corrupt", and nothing else
 */
export async function readRecording(path: string, bounds: ReadBounds = {}): Promise<Recording> {
  const handle = await openFile(path);
  const reader = new Reader(path, bounds);
  try {
    // The file may grow meanwhile, so the bytes that were read are counted, not the file's size.
    for await (const chunk of handle.createReadStream({ autoClose: false })) reader.read(chunk);
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError("missing", path, `cannot be read: ${systemReason(error)}`);
  } finally {
    await handle.close();
  }
  return reader.finish();
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

/** Collects the frames of a recording from its chunks. */
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
    const { version, time } = header;
    if (version === recordingVersion) return time;
    throw this.error(
      `it is of version ${version}, and this holdfast reads version ${recordingVersion}: update it`,
    );
  }

  private add(frame: Frame): void {
    this.frames.push(frame);
    if (this.frames.length > this.bounds.frames)
      throw this.error(`it has more than ${this.bounds.frames.toLocaleString("en")} frames`);
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
