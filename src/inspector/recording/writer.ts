import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Frame } from "../feed/frames.js";
import { maxBytes, maxFrames, maxLineBytes, recordingVersion } from "./format.js";
import { RecordingError, systemReason } from "./recording-error.js";

/** Maximum number of bytes that may wait for a slow disk. */
const maxWaitingBytes = 16 * 1024 * 1024;

export interface RecordingOptions {
  /** Replaces an existing file. Default: an existing file is refused. */
  readonly force?: boolean;
  /** Epoch ms of its beginning. Default: now. */
  readonly time?: number;
  /** Called once when writing fails, for example because the disk is full. Later frames are ignored. */
  readonly onFailure?: (error: RecordingError) => void;
  /** Maximum bytes that may wait for the disk (16 MB), and maximum bytes of the recording (256 MB). For tests. */
  readonly waiting?: number;
  readonly bytes?: number;
}

/**
 * Records frames as they arrive. Each frame is handed to the system at once, so a process that is killed loses at
 * most the frames that arrived during an earlier write.
 */
export interface RecordingWriter {
  /** Never waits and never throws. Returns false if the frame was left out. */
  write(frame: Frame): boolean;
  /**
   * Number of frames left out because the disk was too slow or because they were too long. Every frame is absolute,
   * so the others remain valid.
   */
  readonly dropped: number;
  /** Number of frames accepted. */
  readonly frames: number;
  /** The recording has reached the largest readable size. Later frames are left out and not counted. */
  readonly full: boolean;
  /** Resolves when everything is written. Never rejects: see `onFailure`. */
  close(): Promise<void>;
}

/** @throws RecordingError "unwritable" if the file exists already, or cannot be created */
export async function openRecording(path: string, options: RecordingOptions = {}): Promise<RecordingWriter> {
  const handle = await openFile(path, options.force ?? false);
  return new FileRecording(path, handle, options);
}

/** Non-blocking: opening a pipe that has no reader would hang and could not be aborted. */
async function openFile(path: string, force: boolean): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NONBLOCK } = constants;
  // Undefined on systems without the flag (Windows), whatever its type says.
  const flags = O_WRONLY | O_CREAT | (force ? O_TRUNC : O_EXCL) | (O_NONBLOCK ?? 0);
  try {
    return await open(path, flags, 0o666);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    const why = exists
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
      line.length > maxLineBytes ||
      this.waitingBytes + line.length > (this.options.waiting ?? maxWaitingBytes)
    ) {
      this.dropped += 1;
      return false;
    }
    if (this.bytes + line.length > (this.options.bytes ?? maxBytes) || this.frames === maxFrames) {
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

  /** One write at a time: parallel writes could overtake each other. */
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
