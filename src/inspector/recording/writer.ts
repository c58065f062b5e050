import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Frame } from "../feed/frames.js";
import { mostBytes, mostFrames, mostLineBytes, recordingVersion } from "./format.js";
import { RecordingError, systemReason } from "./recording-error.js";

/** Bytes that may wait for a slow disk. */
const mostWaiting = 16 * 1024 * 1024;

export interface RecordingOptions {
  /** Replaces a file that is there; else it is refused. */
  readonly force?: boolean;
  /** Epoch ms of its beginning: now, by default. */
  readonly time?: number;
  /** Called once, when nothing more can be written: the disk is full, say. Frames are ignored from then on. */
  readonly onFailure?: (error: RecordingError) => void;
  /** Bytes that may wait for the disk (16 MB), and that the whole may have (256 MB). For tests. */
  readonly waiting?: number;
  readonly bytes?: number;
}

/**
 * Writes down frames as they come. Each is handed to the system at once, so a process that is killed loses what came
 * while an earlier write was under way, at most.
 */
export interface RecordingWriter {
  /** Never waits and never throws. False: it was left out. */
  write(frame: Frame): boolean;
  /**
   * Frames left out because the disk was slower than they came, or because they were too long. Every frame is
   * absolute: the others are as good without them.
   */
  readonly dropped: number;
  /** Those that were taken. */
  readonly frames: number;
  /** It has reached the size that can be read again; what comes from now on is left out, and not counted. */
  readonly full: boolean;
  /** Resolves when all is written. Never rejects: see `onFailure`. */
  close(): Promise<void>;
}

/** @throws RecordingError ("unwritable") if the file is there already, or cannot be made. */
export async function openRecording(path: string, options: RecordingOptions = {}): Promise<RecordingWriter> {
  const handle = await openFile(path, options.force ?? false);
  return new FileRecording(path, handle, options);
}

/** Not blocking: to open a pipe that nobody reads would hang, and could not be given up. */
async function openFile(path: string, force: boolean): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NONBLOCK } = constants;
  // Where the system knows none (Windows), it is undefined, whatever its type says.
  const flags = O_WRONLY | O_CREAT | (force ? O_TRUNC : O_EXCL) | (O_NONBLOCK ?? 0);
  try {
    return await open(path, flags, 0o666);
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EEXIST";
    const why = taken
      ? "the file exists already: name another one, or replace it with --force"
      : systemReason(error);
    throw new RecordingError("unwritable", path, `cannot record: ${why}`);
  }
}

class FileRecording implements RecordingWriter {
  dropped = 0;
  full = false;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private bytes = 0;
  frames = 0;
  private failed = false;
  private closed = false;
  private writing: Promise<void> | null = null;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly options: RecordingOptions,
  ) {
    const { time = Date.now() } = options;
    this.enqueue(lineOf({ holdfast: "recording", version: recordingVersion, time }));
  }

  write(frame: Frame): boolean {
    if (this.failed || this.closed || this.full) return false;
    const line = lineOf(frame);
    if (
      line.length > mostLineBytes ||
      this.waitingBytes + line.length > (this.options.waiting ?? mostWaiting)
    ) {
      this.dropped += 1;
      return false;
    }
    if (this.bytes + line.length > (this.options.bytes ?? mostBytes) || this.frames === mostFrames) {
      this.full = true;
      return false;
    }
    this.frames += 1;
    this.enqueue(line);
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.writing;
    await this.handle.close().catch((error) => this.fail(error));
  }

  private enqueue(line: Buffer): void {
    this.waiting.push(line);
    this.waitingBytes += line.length;
    this.bytes += line.length;
    this.writing ??= this.drain();
  }

  /** One write at a time: several could overtake each other. */
  private async drain(): Promise<void> {
    try {
      while (this.waiting.length > 0 && !this.failed) {
        const batch = Buffer.concat(this.waiting);
        this.waiting = [];
        await this.handle.appendFile(batch);
        this.waitingBytes -= batch.length;
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.writing = null;
    }
  }

  private fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.waiting = [];
    this.options.onFailure?.(
      new RecordingError("unwritable", this.path, `cannot record any further: ${systemReason(error)}`),
    );
  }
}

const lineOf = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
