import * as v from "valibot";

/** A recording is a file of JSON lines: this header, then one frame a line. */
export const recordingVersion = 1;

/** Bytes of a whole recording, bytes of one line, and frames: what is more is neither written nor read. */
export const mostBytes = 256 * 1024 * 1024;
export const mostLineBytes = 1024 * 1024;
export const mostFrames = 1_000_000;

const header = v.object({
  holdfast: v.literal("recording"),
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Epoch ms of its beginning. */
  time: v.pipe(v.number(), v.finite()),
});
export type RecordingHeader = v.InferOutput<typeof header>;

/** Null for anything that is no header. Never throws. */
export function parseHeader(value: unknown): RecordingHeader | null {
  const result = v.safeParse(header, value, { abortEarly: true });
  return result.success ? result.output : null;
}
