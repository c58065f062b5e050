import { rm } from "node:fs/promises";
import type { KeptProcess } from "../support/kept-process.js";

const END_TIMEOUT_MS = 5_000;

/** SIGKILL, which also ends what stands still, and the folder is gone. */
export async function endKept(process: KeptProcess, directory: string): Promise<void> {
  process.signal("SIGKILL");
  if (!(await process.endsWithin(END_TIMEOUT_MS))) throw new Error(`Process ${process.pid} survived SIGKILL`);
  await rm(directory, { recursive: true, force: true });
}
