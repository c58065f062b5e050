import * as v from "valibot";

/** A recording is a file of JSON lines: this header, then one frame a line. */
export const recordingVersion = 1;

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
