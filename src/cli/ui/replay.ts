import { basename } from "node:path";
import { readRecording } from "../../inspector/recording.js";
import { Hub } from "../../inspector/server/hub.js";
import { output } from "../output.js";
import type { Presentation } from "./presentation.js";

/**
 * Shows a recording that `holdfast watch --record` wrote.
 * @throws RecordingError
 */
export async function showRecording(path: string): Promise<Presentation> {
  const { frames, cutOff } = await readRecording(path);
  if (cutOff) output.error(`warning: the last line of ${path} is cut off, and left out`);
  return { title: basename(path), hub: new Hub(), recording: frames, metrics: null, end: async () => {} };
}
