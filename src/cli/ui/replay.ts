import { basename } from "node:path";
import { readRecording } from "../../inspector/recording.js";
import { Hub } from "../../inspector/server/hub.js";
import { output } from "../output.js";
import type { Showing } from "./ui.js";

/** What `holdfast watch --record` wrote down. @throws RecordingError */
export async function showRecording(path: string): Promise<Showing> {
  const { frames, cutOff } = await readRecording(path);
  if (cutOff) output.complain(`warning: the last line of ${path} is cut off, and left out`);
  return { title: basename(path), hub: new Hub(), recording: frames, metrics: null, end: async () => {} };
}
