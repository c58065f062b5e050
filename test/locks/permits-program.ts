import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { runFixture } from "./child.js";
import { uniqueName } from "./support.js";

export const processes = 8;
export const permits = 5;

/** What the processes did: how often each had a permit, and how many had one at once at most. */
interface Shares {
  readonly counts: readonly number[];
  readonly total: number;
  readonly most: number;
  readonly prefix: string;
}

/** Runs 8 processes that acquire permits of one semaphore this many times each, or `total` times together, on this many servers. */
export async function runForPermits(
  servers: number,
  { times = Number.POSITIVE_INFINITY, total = Number.POSITIVE_INFINITY },
): Promise<Shares> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-permits-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "turns.log");
  const prefix = uniqueName();
  const urls = sharedServers()
    .slice(0, servers)
    .map(({ url }) => url);
  const children = Array.from({ length: processes }, (_, id) =>
    runFixture("permits", [String(id), String(permits), String(times), file, prefix, ...urls]),
  );
  // All begin at once, so that the shares of the processes can be compared.
  await Promise.all(children.map((child) => child.said("ready")));
  for (const child of children) child.tell("go");
  const ended = Promise.all(children.map((child) => child.ended));
  if (total < Number.POSITIVE_INFINITY) {
    const entered = async () => (await readFile(file, "utf8").catch(() => "")).split("enter").length - 1;
    await expect.poll(entered, { interval: 250, timeout: 800_000 }).toBeGreaterThanOrEqual(total);
    for (const child of children) child.tell("stop");
  }
  const ends = await ended;
  for (const { code, stderr } of ends) {
    if (code !== 0 || stderr !== "") throw new Error(`a process ended with ${code}: ${stderr}`);
  }
  // The witness: lines are appended in the order of the writes.
  let inside = 0;
  let most = 0;
  for (const line of (await readFile(file, "utf8")).trimEnd().split("\n")) {
    inside += line.startsWith("enter") ? 1 : -1;
    most = Math.max(most, inside);
  }
  const counts = ends.map(({ lines }) => Number(lines.at(-1)));
  return { counts, total: counts.reduce((sum, count) => sum + count, 0), most, prefix };
}
