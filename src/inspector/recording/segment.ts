import { promisify } from "node:util";
import { brotliDecompress, constants } from "node:zlib";
import { maxSegmentBytes } from "./chunk.js";

const decompress = promisify(brotliDecompress);

/** The lines of a segment. `payloads`: those of its chunks, in order. Rejects if they are corrupt. */
export async function textOfSegment(payloads: readonly Buffer[]): Promise<string> {
  const bytes = await decompress(Buffer.concat(payloads), {
    // The stream has no end, only flushes.
    finishFlush: constants.BROTLI_OPERATION_FLUSH,
    maxOutputLength: maxSegmentBytes,
  });
  return bytes.toString("utf8");
}
