import type { ArrivedFrame } from "../../../../src/inspector/recording/arrivals.js";
import { DeltaDecoder } from "../../../../src/inspector/recording/delta-decoder.js";

/** A part of the past. Times in epoch ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly first: boolean;
  readonly last: boolean;
  readonly frames: readonly ArrivedFrame[];
}

/** Reads what the server sends of the past: a line about it, then the lines of each segment after a line "=". */
export function windowOf(text: string): Window {
  const [first = "{}", ...segments] = text.split("\n=\n");
  const { starts, ...about } = JSON.parse(first) as Omit<Window, "frames"> & { starts: readonly number[] };
  const frames: ArrivedFrame[] = [];
  segments.forEach((lines, index) => {
    const decoder = new DeltaDecoder(starts[index] ?? about.from);
    for (const line of lines.split("\n")) {
      if (line === "") continue;
      // The page's own server has checked each frame.
      const { frame, at, repeated } = decoder.decode(line);
      if (!repeated || index === 0) frames.push({ frame, at });
    }
  });
  return { ...about, frames };
}

/** The frames around a time. */
export async function loadWindow(at: number): Promise<Window> {
  const response = await fetch(`window?at=${Math.round(at)}`);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return windowOf(await response.text());
}
