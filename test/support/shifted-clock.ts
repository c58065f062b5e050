import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL("./fixtures/shifted-clock.c", import.meta.url));

/**
 * The environment for a program whose wall clock is ahead by these seconds. Linux only; needs a C compiler (`cc`).
 * `directory`: for the library that the program loads first.
 */
export async function shiftedClock(seconds: number, directory: string): Promise<Record<string, string>> {
  const library = join(directory, "shifted-clock.so");
  await run("cc", ["-shared", "-fPIC", "-O1", "-o", library, SOURCE]).catch((cause: Error) => {
    throw new Error(`A server with another clock needs a C compiler: ${cause.message}`, { cause });
  });
  return { LD_PRELOAD: library, SHIFTED_CLOCK_SECONDS: String(seconds) };
}
