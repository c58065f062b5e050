import type { FileHandle } from "node:fs/promises";
import { type ChunkHead, chunkHeadBytes, maxSegmentBytes, parseHead } from "./chunk.js";
import type { FrameStore, SegmentInfo } from "./frame-store.js";
import { RecordingError } from "./recording-error.js";
import { textOfSegment } from "./segment.js";

/** Maximum number of chunks of a recording: five days with one each second. */
const maxChunks = 500_000;

interface Segment extends SegmentInfo {
  /** Where the chunks begin in the file, and where the last one ends. */
  readonly start: number;
  readonly end: number;
}

/** The segments of a recording's file. */
export class RecordedFrames implements FrameStore {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    readonly segments: readonly Segment[],
    /** The last chunk is incomplete, and is left out: its writer was killed. */
    readonly cutOff: boolean,
  ) {}

  /**
   * `start`: where the header's line ends.
   * @throws RecordingError "corrupt"
   */
  static async open(path: string, handle: FileHandle, start: number): Promise<RecordedFrames> {
    const { size: fileSize } = await handle.stat();
    const segments: Segment[] = [];
    let at = start;
    let chunks = 0;
    while (at + chunkHeadBytes <= fileSize) {
      const head = parseHead(await bytesAt(handle, at, chunkHeadBytes));
      chunks += 1;
      if (head === null || (segments.length === 0 && !head.begins))
        throw new RecordingError("corrupt", path, `block ${chunks} is no block of a recording`);
      if (chunks > maxChunks)
        throw new RecordingError("corrupt", path, `it has more than ${maxChunks} blocks`);
      const end = at + chunkHeadBytes + head.length;
      if (end > fileSize) break;
      const last = segments.at(-1);
      if (head.begins || last === undefined) segments.push(segmentOf(head, at, end));
      else segments[segments.length - 1] = joined(path, last, head, end);
      at = end;
    }
    return new RecordedFrames(path, handle, segments, at < fileSize);
  }

  async lines(index: number): Promise<string> {
    const segment = this.segments[index];
    if (segment === undefined) return "";
    const { start, end } = segment;
    try {
      const bytes = await bytesAt(this.handle, start, end - start);
      return await textOfSegment([...payloadsOf(bytes)]);
    } catch {
      throw new RecordingError("corrupt", this.path, `block ${index + 1} of the recording cannot be read`);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

const segmentOf = ({ from, to, raw }: ChunkHead, start: number, end: number): Segment => ({
  from,
  to,
  size: raw,
  start,
  end,
});

function joined(path: string, segment: Segment, { to, raw }: ChunkHead, end: number): Segment {
  const size = segment.size + raw;
  if (size > maxSegmentBytes) throw new RecordingError("corrupt", path, "a block is larger than it can be");
  return { ...segment, to: Math.max(segment.to, to), size, end };
}

function* payloadsOf(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at < bytes.length) {
    const head = parseHead(bytes.subarray(at, at + chunkHeadBytes));
    if (head === null) throw new TypeError("no block");
    at += chunkHeadBytes + head.length;
    yield bytes.subarray(at - head.length, at);
  }
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
