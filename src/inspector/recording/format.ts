import * as v from "valibot";

/**
 * A recording is a file that begins with a line of JSON, its header. In version 2 compressed blocks follow (chunk.ts), in
 * version 1 lines of JSON, one for each frame. Both are read, and version 2 is written.
 */
export const recordingVersion = 2;

/**
 * Maximum bytes of a recording, bytes of one line, and number of frames. Larger recordings are neither written nor
 * read.
 */
export const maxBytes = 256 * 1024 * 1024;
export const maxLineBytes = 1024 * 1024;
export const maxFrames = 1_000_000;

const header = v.object({
  holdfast: v.literal("recording"),
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Epoch ms of its beginning. */
  time: v.pipe(v.number(), v.finite()),
});
export type RecordingHeader = v.InferOutput<typeof header>;

/** Returns null for anything that is not a header. Never throws. */
export function parseHeader(value: unknown): RecordingHeader | null {
  const result = v.safeParse(header, value, { abortEarly: true });
  return result.success ? result.output : null;
}

/** The header's line. `time`: epoch ms. */
export const headerOf = (time: number): Buffer =>
  Buffer.from(`${JSON.stringify({ holdfast: "recording", version: recordingVersion, time })}\n`);
