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
import { DemoStory } from "./demo-story.js";
import { EventCounts } from "./event-counts.js";
import { openPage } from "./page.js";
import { chaptersOf, type Narration, runScenario } from "./scenario.js";
import { brisk, calm } from "./work-loop.js";
import { WorkerPool } from "./worker-pool.js";

export interface DemoFlags {
  readonly node?: readonly string[];
  /** In ms; Infinity: until it is interrupted. Default: Infinity on a terminal, else 15 s. */
  readonly for?: number;
}

const defaultDuration = 15_000;
/** Pause in ms between two runs of the scenario. */
const scenarioPause = 2_000;
/** Minimum duration in ms of the scenario, with a margin for a slow machine. */
const minDuration = 8_000;
/** Time in ms reserved at the end for releasing, closing and the summary. */
const closeTimeout = 1_500;

/** Time in ms for each chapter, if the demo is long enough to be read along, and how long that is. */
const readingTime = 7_000;
const storyDuration = 90_000;

const names = ["ann", "ben", "cleo"] as const;

/** `holdfast demo`: shows locks at work. Every line is an event of a lock, or a fault of a node. */
export async function demo({ node, for: given }: DemoFlags): Promise<number> {
  const length = given ?? (process.stdout.isTTY ? Number.POSITIVE_INFINITY : defaultDuration);
  if (length < minDuration)
    throw usageError(`--for ${length}ms is too short for the demo; use ${minDuration}ms or longer`);
  const paint = coloursFor(process.stdout);
  const servers = node === undefined ? memoryServers() : await serversOf(node);
  const resource = "payouts:42";
  // On real servers, a prefix that no other program uses: the demo must not be taken for another set of their nodes.
  const prefix = node === undefined ? "" : `holdfast-demo:${randomBytes(4).toString("hex")}:`;
  const isRead = length >= storyDuration;
  const pace = isRead ? calm : brisk;
  const workers = new WorkerPool(servers, prefix, resource, names, pace);
  const chapters = chaptersOf(resource, names.length, servers.names.length);
  const story = new DemoStory(chapters, isRead ? readingTime : 0);
  const page = await openPage(
    workers.workers.map(({ locks }) => locks),
    isRead ? story : null,
  );
  if (page !== null) stdio.print(`Look at it: ${paint.bold(page.url)}`);
  const counts = new EventCounts();
  const output = new DemoOutput(paint, [...names, "nodes"], servers.names.length, page?.url ?? null);
  workers.listen((event) => counts.count(event));
  workers.listen((event) => output.show(event));
  const say = (text: string) =>
    output.line("nodes", workers.holder?.handle.state ?? "idle", paint.magenta(text));
  const [first] = workers.workers;
  first?.locks.on("nodeDown", ({ node, cause }) => say(`${node} is down${cause ? `: ${cause}` : ""}`));
  first?.locks.on("nodeUp", ({ node }) => say(`${node} is up`));
  first?.locks.on("nodeQuarantined", ({ node, until, time }) =>
    say(
      `${node} does not vote${until === null ? "" : ` for ${formatDuration(until - time)}`}: it lost its memory`,
    ),
  );
  stdio.print(
    `${paint.bold(resource)} on ${servers.names.join(", ")}; ${names.length} workers, ttl ${formatDuration(pace.ttl)}, ` +
      (length === Number.POSITIVE_INFINITY ? "until Ctrl-C" : `for ${formatDuration(length)}`),
  );
  let interrupted: NodeJS.Signals | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupted = signal;
      workers.workLoop.finish();
    });
  }
  // The reader of stdout has gone.
  process.stdout.once("error", () => workers.workLoop.finish());
  const narration: Narration = {
    say,
    tell(chapter) {
      output.chapter(chapter);
      story.tell(chapter);
    },
    read: (signal) => story.read(signal),
  };
  const scenario = (signal: AbortSignal) =>
    runScenario(chapters, { workers, servers, resource }, narration, signal);
  const completed = await play(workers, scenario, length - closeTimeout);
  servers.close();
  await page?.close();
  summarise(workers, counts, paint);
  if (interrupted !== undefined) return exitCode.signalled + constants.signals[interrupted];
  if (!process.stdout.writable) return exitCode.ok;
  return exitCodeOf(workers, completed);
}

async function serversOf(addresses: readonly string[]): Promise<DemoServers> {
  // The client library is loaded only if it is needed.
  const { redisServers } = await import("./redis-servers.js");
  return redisServers(chooseNodes(addresses, undefined, undefined));
}

type Scenario = (signal: AbortSignal) => Promise<void>;

/** Resolves with whether the whole scenario ran in time. */
async function play(workers: WorkerPool, scenario: Scenario, length: number): Promise<boolean> {
  const endless = length === Number.POSITIVE_INFINITY;
  const work = workers.work();
  const completed = repeatScenario(workers, scenario, length >= storyDuration);
  const timer = endless ? undefined : setTimeout(() => workers.workLoop.finish(), length);
  try {
    await work;
  } finally {
    clearTimeout(timer);
    workers.workLoop.finish();
    await within(closeTimeout, workers.close());
  }
  return completed;
}

/**
 * Runs the scenario, with `again` repeatedly until the demo ends. Resolves with whether it completed at least once.
 */
async function repeatScenario(workers: WorkerPool, scenario: Scenario, again: boolean): Promise<boolean> {
  const { end } = workers.workLoop;
  for (let completed = false; ; completed = true) {
    try {
      await scenario(end);
      if (!again) return true;
      await sleep(scenarioPause, undefined, { signal: end });
    } catch {
      // The demo has ended, perhaps between two runs.
      return completed;
    }
  }
}

function summarise({ occupancy }: WorkerPool, tally: EventCounts, paint: Colours): void {
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

function exitCodeOf({ occupancy }: WorkerPool, completed: boolean): number {
  if (occupancy.overlaps > 0) {
    stdio.error("two workers held the lock at once");
    return exitCode.internal;
  }
  if (occupancy.entries === 0) {
    stdio.error("no quorum of nodes could be reached");
    return exitCode.unavailable;
  }
  if (!completed) {
    stdio.error("the time was too short to see everything: try a longer --for");
    return exitCode.internal;
  }
  return exitCode.ok;
}
