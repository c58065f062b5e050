import type { Frame } from "../../../../src/inspector/feed/frames.js";

/** The frames of a recording as the server sends it: JSON, one a line. */
export function framesOf(text: string): Frame[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  // The page's own server has read and checked each frame before.
  return lines.map((line) => JSON.parse(line) as Frame);
}
