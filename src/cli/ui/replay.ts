import { basename } from "node:path";
import { openFrames } from "../../inspector/recording.js";
import { Hub } from "../../inspector/server/hub.js";
import { ExaminedRecording } from "../../inspector/server/past.js";
import { output } from "../output.js";
import { plain } from "../plain.js";
import type { Presentation } from "./presentation.js";

/** Time in ms for which the start waits for a short recording to be examined as a whole. */
const patience = 2_000;

/**
 * Shows a recording that `holdfast watch --record` wrote, or that the page saved.
 * @throws RecordingError
 */
export async function showRecording(path: string): Promise<Presentation> {
  const { store, cutOff, close } = await openFrames(path);
  if (cutOff) output.error(`warning: the end of ${path} is cut off, and left out`);
  const recording = new ExaminedRecording(store);
  let timer: NodeJS.Timeout | undefined;
  const examined = recording.examine();
  const later = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patience);
  });
  try {
    await Promise.race([examined, later]);
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  examined.catch((error: unknown) => {
    output.error(plain(`the recording ends early: ${error instanceof Error ? error.message : error}`));
  });
  return {
    title: basename(path),
    hub: new Hub(),
    recording,
    metrics: null,
    end: async () => {
      recording.stop();
      await close();
    },
  };
}
