import { randomBytes } from "node:crypto";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../bounded.js";
import { type Paint, paintFor } from "../colours.js";
import { formatDuration } from "../duration.js";
import { exitCode, usageError } from "../exit.js";
import { chooseNodes } from "../nodes.js";
import { output } from "../output.js";
import { Narrator } from "./demo-output.js";
import { memoryStage, type Stage } from "./demo-servers.js";
import { openPage } from "./page.js";
import { tellStory } from "./scenario.js";
import { Tally } from "./tally.js";
import { Crew, ttl } from "./worker-pool.js";

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
  const paint = paintFor(process.stdout);
  const stage = node === undefined ? memoryStage() : await serverStageOf(node);
  // On servers that are in use, a name that nobody else has.
  const resource = node === undefined ? "payouts:42" : `holdfast-demo:${randomBytes(4).toString("hex")}`;
  const crew = new Crew(stage, resource, names);
  const page = await openPage(crew.workers.map(({ locks }) => locks));
  if (page !== null) output.print(`Look at it: ${paint.bold(page.url)}`);
  const tally = new Tally();
  const narrator = new Narrator(paint, [...names, "nodes"], stage.names.length);
  crew.hear((heard) => tally.hear(heard));
  crew.hear((heard) => narrator.hear(heard));
  const say = (text: string) =>
    narrator.line("nodes", crew.holder?.handle.state ?? "idle", paint.magenta(text));
  const [watcher] = crew.workers;
  watcher?.locks.on("nodeDown", ({ node, cause }) => say(`${node} is down${cause ? `: ${cause}` : ""}`));
  watcher?.locks.on("nodeUp", ({ node }) => say(`${node} is up`));
  watcher?.locks.on("nodeQuarantined", ({ node, until, time }) =>
    say(
      `${node} does not vote${until === null ? "" : ` for ${formatDuration(until - time)}`}: it lost its memory`,
    ),
  );
  output.print(
    `${paint.bold(resource)} on ${stage.names.join(", ")}; ${names.length} workers, ttl ${formatDuration(ttl)}, ` +
      (length === Number.POSITIVE_INFINITY ? "until Ctrl-C" : `for ${formatDuration(length)}`),
  );
  let interrupted: NodeJS.Signals | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupted = signal;
      crew.shift.finish();
    });
  }
  // Nobody reads on.
  process.stdout.once("error", () => crew.shift.finish());
  const told = await play(crew, stage, resource, say, length - parting);
  stage.close();
  await page?.close();
  summarise(crew, tally, paint);
  if (interrupted !== undefined) return exitCode.signalled + constants.signals[interrupted];
  if (!process.stdout.writable) return exitCode.ok;
  return judge(crew, told);
}

async function serverStageOf(addresses: readonly string[]): Promise<Stage> {
  // A client is loaded only where there is a server.
  const { serverStage } = await import("./redis-servers.js");
  return serverStage(chooseNodes(addresses, undefined, undefined));
}

/** Whether the whole story could be told in time. */
async function play(
  crew: Crew,
  stage: Stage,
  resource: string,
  say: (text: string) => void,
  length: number,
): Promise<boolean> {
  const work = crew.work();
  const told = tell(crew, stage, resource, say, length === Number.POSITIVE_INFINITY);
  const timer =
    length === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => crew.shift.finish(), length);
  try {
    await work;
  } finally {
    clearTimeout(timer);
    crew.shift.finish();
    await within(parting, crew.close());
  }
  return told;
}

/** Whether it could be told to the end; `again`: over and over, until the shift is over. */
async function tell(
  crew: Crew,
  stage: Stage,
  resource: string,
  say: (text: string) => void,
  again: boolean,
): Promise<boolean> {
  const { end } = crew.shift;
  for (let told = false; ; told = true) {
    try {
      await tellStory(crew, stage, resource, say, end);
      if (!again) return true;
      await sleep(breath, undefined, { signal: end });
    } catch {
      // Time has run out, perhaps between two tellings.
      return told;
    }
  }
}

function summarise({ occupancy }: Crew, tally: Tally, paint: Paint): void {
  const counts: [string, number][] = [
    ["acquisitions", tally.of("acquired")],
    ["retries", tally.of("retrying")],
    ["renewals", tally.of("renewed")],
    ["lost quorum", tally.of("quorumLost")],
    ["losses", tally.of("expired")],
    ["releases", tally.of("released")],
  ];
  output.print(
    `${paint.bold("Summary")}  ${counts.map(([name, n]) => `${name} ${paint.bold(String(n))}`).join("  ")}`,
  );
  const { overlaps, entries } = occupancy;
  const verdict = overlaps === 0 ? paint.green : paint.red;
  output.print(`         ${verdict(`overlaps ${overlaps}`)}, looked for at each of the ${entries} entries`);
}

function judge({ occupancy }: Crew, told: boolean): number {
  if (occupancy.overlaps > 0) {
    output.complain("two workers held the lock at once");
    return exitCode.internal;
  }
  if (occupancy.entries === 0) {
    output.complain("no quorum of nodes could be reached");
    return exitCode.unavailable;
  }
  if (!told) {
    output.complain("the time was too short to see everything: try a longer --for");
    return exitCode.internal;
  }
  return exitCode.ok;
}
