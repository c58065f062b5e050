import { randomBytes } from "node:crypto";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../bounded.js";
import { type Colours, coloursFor } from "../colours.js";
import { formatDuration } from "../duration.js";
import { exitCode, usageError } from "../exit.js";
import { chooseNodes } from "../nodes.js";
import { output as stdio } from "../output.js";
import { DemoOutput } from "./demo-output.js";
import { type DemoServers, memoryServers } from "./demo-servers.js";
import { openPage } from "./page.js";
import { runScenario } from "./scenario.js";
import { Tally } from "./tally.js";
import { ttl, WorkerPool } from "./worker-pool.js";

export interface DemoFlags {
  readonly node?: readonly string[];
  /** ms; Infinity: until it is interrupted. Default: so on a terminal, else 15 s. */
  readonly for?: number;
}

const defaultLength = 15_000;
/** ms between the end of the story and its next beginning. */
const breath = 2_000;
/** ms that the story takes, with room for a slow machine. */
const shortest = 8_000;
/** ms kept at the end for releasing, closing and the summary. */
const parting = 1_500;

const names = ["ann", "ben", "cleo"] as const;

/** `holdfast demo`: a lock's life on the screen; every line is an event of a lock, or something done to a node. */
export async function demo({ node, for: given }: DemoFlags): Promise<number> {
  const length = given ?? (process.stdout.isTTY ? Number.POSITIVE_INFINITY : defaultLength);
  if (length < shortest)
    throw usageError(`--for ${length}ms is too short for the story; use ${shortest}ms or longer`);
  const paint = coloursFor(process.stdout);
  const servers = node === undefined ? memoryServers() : await serverStageOf(node);
  // On servers that are in use, a name that nobody else has.
  const resource = node === undefined ? "payouts:42" : `holdfast-demo:${randomBytes(4).toString("hex")}`;
  const workers = new WorkerPool(servers, resource, names);
  const page = await openPage(workers.workers.map(({ locks }) => locks));
  if (page !== null) stdio.print(`Look at it: ${paint.bold(page.url)}`);
  const tally = new Tally();
  const output = new DemoOutput(paint, [...names, "nodes"], servers.names.length);
  workers.hear((heard) => tally.hear(heard));
  workers.hear((heard) => output.hear(heard));
  const say = (text: string) =>
    output.line("nodes", workers.holder?.handle.state ?? "idle", paint.magenta(text));
  const [watcher] = workers.workers;
  watcher?.locks.on("nodeDown", ({ node, cause }) => say(`${node} is down${cause ? `: ${cause}` : ""}`));
  watcher?.locks.on("nodeUp", ({ node }) => say(`${node} is up`));
  watcher?.locks.on("nodeQuarantined", ({ node, until, time }) =>
    say(
      `${node} does not vote${until === null ? "" : ` for ${formatDuration(until - time)}`}: it lost its memory`,
    ),
  );
  stdio.print(
    `${paint.bold(resource)} on ${servers.names.join(", ")}; ${names.length} workers, ttl ${formatDuration(ttl)}, ` +
      (length === Number.POSITIVE_INFINITY ? "until Ctrl-C" : `for ${formatDuration(length)}`),
  );
  let interrupted: NodeJS.Signals | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupted = signal;
      workers.workLoop.finish();
    });
  }
  // Nobody reads on.
  process.stdout.once("error", () => workers.workLoop.finish());
  const told = await play(workers, servers, resource, say, length - parting);
  servers.close();
  await page?.close();
  summarise(workers, tally, paint);
  if (interrupted !== undefined) return exitCode.signalled + constants.signals[interrupted];
  if (!process.stdout.writable) return exitCode.ok;
  return judge(workers, told);
}

async function serverStageOf(addresses: readonly string[]): Promise<DemoServers> {
  // A client is loaded only where there is a server.
  const { redisServers } = await import("./redis-servers.js");
  return redisServers(chooseNodes(addresses, undefined, undefined));
}

/** Whether the whole story could be told in time. */
async function play(
  workers: WorkerPool,
  servers: DemoServers,
  resource: string,
  say: (text: string) => void,
  length: number,
): Promise<boolean> {
  const work = workers.work();
  const told = tell(workers, servers, resource, say, length === Number.POSITIVE_INFINITY);
  const timer =
    length === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => workers.workLoop.finish(), length);
  try {
    await work;
  } finally {
    clearTimeout(timer);
    workers.workLoop.finish();
    await within(parting, workers.close());
  }
  return told;
}

/** Whether it could be told to the end; `again`: over and over, until the shift is over. */
async function tell(
  workers: WorkerPool,
  servers: DemoServers,
  resource: string,
  say: (text: string) => void,
  again: boolean,
): Promise<boolean> {
  const { end } = workers.workLoop;
  for (let told = false; ; told = true) {
    try {
      await runScenario(workers, servers, resource, say, end);
      if (!again) return true;
      await sleep(breath, undefined, { signal: end });
    } catch {
      // Time has run out, perhaps between two tellings.
      return told;
    }
  }
}

function summarise({ occupancy }: WorkerPool, tally: Tally, paint: Colours): void {
  const counts: [string, number][] = [
    ["acquisitions", tally.of("acquired")],
    ["retries", tally.of("retrying")],
    ["renewals", tally.of("renewed")],
    ["lost quorum", tally.of("quorumLost")],
    ["losses", tally.of("expired")],
    ["releases", tally.of("released")],
  ];
  stdio.print(
    `${paint.bold("Summary")}  ${counts.map(([name, n]) => `${name} ${paint.bold(String(n))}`).join("  ")}`,
  );
  const { overlaps, entries } = occupancy;
  const verdict = overlaps === 0 ? paint.green : paint.red;
  stdio.print(`         ${verdict(`overlaps ${overlaps}`)}, looked for at each of the ${entries} entries`);
}

function judge({ occupancy }: WorkerPool, told: boolean): number {
  if (occupancy.overlaps > 0) {
    stdio.complain("two workers held the lock at once");
    return exitCode.internal;
  }
  if (occupancy.entries === 0) {
    stdio.complain("no quorum of nodes could be reached");
    return exitCode.unavailable;
  }
  if (!told) {
    stdio.complain("the time was too short to see everything: try a longer --for");
    return exitCode.internal;
  }
  return exitCode.ok;
}
