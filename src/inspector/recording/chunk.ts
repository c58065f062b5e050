/** A part of a segment, in the order in which a recording contains them. */
export interface Chunk {
  /** The first of its segment, which can be read without the segments before. */
  readonly begins: boolean;
  /** Epoch ms by the recorder's clock of the first and the last frame. */
  readonly from: number;
  readonly to: number;
  /** Bytes of the lines before compression. */
  readonly raw: number;
  /** A part of the segment's Brotli stream, flushed at its end. */
  readonly payload: Buffer;
}

/** Magic, flags, an unused byte, bytes of the payload, raw bytes, from, to. */
export const chunkHeadBytes = 28;
const magic = 0x68_66;

/** Maximum bytes of a payload, and raw bytes of a chunk and of a segment. Larger ones are neither written nor read. */
const maxPayloadBytes = 16 * 1024 * 1024;
export const maxSegmentBytes = 64 * 1024 * 1024;

export type ChunkHead = Omit<Chunk, "payload"> & { readonly length: number };

export function headOf({ begins, from, to, raw, payload }: Chunk): Buffer {
  const head = Buffer.alloc(chunkHeadBytes);
  head.writeUInt16BE(magic, 0);
  head.writeUInt8(begins ? 1 : 0, 2);
  head.writeUInt32LE(payload.length, 4);
  head.writeUInt32LE(raw, 8);
  head.writeDoubleLE(from, 12);
  head.writeDoubleLE(to, 20);
  return head;
}

/** Returns null for anything that is not the head of a chunk within the bounds. */
export function parseHead(head: Buffer): ChunkHead | null {
  if (head.length < chunkHeadBytes || head.readUInt16BE(0) !== magic || head.readUInt8(2) > 1) return null;
  const length = head.readUInt32LE(4);
  const raw = head.readUInt32LE(8);
  const [from, to] = [head.readDoubleLE(12), head.readDoubleLE(20)];
  if (length > maxPayloadBytes || raw > maxSegmentBytes || !isTime(from) || !isTime(to)) return null;
  return { begins: head.readUInt8(2) === 1, from, to, raw, length };
}

/** The range of a Date. */
const isTime = (time: number): boolean => Math.abs(time) <= 8.64e15;
