import { rm } from "node:fs/promises";
import type { KeptProcess } from "../support/kept-process.js";

const END_TIMEOUT_MS = 5_000;

/** Ends a process with SIGKILL, which also works if the process is stopped, and removes its folder. */
export async function endProcess(process: KeptProcess, directory: string): Promise<void> {
  process.signal("SIGKILL");
  if (!(await process.endsWithin(END_TIMEOUT_MS))) throw new Error(`Process ${process.pid} survived SIGKILL`);
  await rm(directory, { recursive: true, force: true });
}
