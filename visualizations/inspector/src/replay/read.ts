import type { Frame } from "../../../../src/inspector/feed/frames.js";

/** Parses a recording as the server sends it: one frame of JSON per line. */
export function framesOf(text: string): Frame[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  // The page's own server has checked each frame.
  return lines.map((line) => JSON.parse(line) as Frame);
}
