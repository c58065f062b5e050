import { act } from "./actions.js";
import { strike } from "./faults.js";
import { examine } from "./liveness/examine.js";
import type { Counts, Violation } from "./oracle.js";
import type { Script } from "./script.js";
import { type Begin, World } from "./simulation.js";

/** What became of one run. */
export interface Outcome {
  readonly violations: readonly Violation[];
  /** Leases of one resource that were valid at the same time: those beyond the assumptions. */
  readonly overlaps: number;
  readonly counts: Counts;
  /** ms that were simulated. */
  readonly time: number;
  /** Equal for equal runs, on every machine. */
  readonly hash: string;
  /** What happened, line by line, if it was to be kept. */
  readonly trace: readonly string[];
}

/** ms in which everything under way comes to its end, at the most. */
const patience = 120_000;
/** ms from the end of the script until the last of what went wrong is well again, at the most. */
const aftermath = 5_000;
/** ms without any trouble, after which nothing may be left that was given up: debts are paid, places have lapsed. */
const settling = 15_000;

export interface PlayOptions {
  /** Whether to keep what happens, line by line. Default false. */
  readonly trace?: boolean;
  /** Called with each life of a process when it begins. */
  readonly begin?: Begin;
}

/** Plays a script to its end, or to the first violation. */
export async function play(
  script: Script,
  { trace: keep = false, begin }: PlayOptions = {},
): Promise<Outcome> {
  const world = new World(script, keep, begin);
  const { timeline, inquest, trace } = world;
  const failed = () => inquest.violations.length > 0;
  for (const step of script.steps) {
    timeline.at(step.at, () => {
      if ("fault" in step) return strike(world, step.fault);
      const program = world.program(step.host);
      program.host.run(() => void act(world, program, step.deed));
    });
  }
  await timeline.run(script.end, failed);
  await timeline.run(script.end + patience, () => failed() || isQuiet(world));
  if (!failed() && !isQuiet(world)) inquest.violated("waiters", "not everything that was begun has ended");
  await timeline.run(Math.max(timeline.now, script.end + aftermath) + settling, failed);
  if (!failed()) await judge(world);
  // Users' own programs are judged by what they do themselves.
  if (!failed() && begin === undefined) await examine(world, failed);
  if (!failed()) await leave(world);
  return {
    violations: inquest.violations,
    overlaps: inquest.exclusion.overlaps,
    counts: inquest.counts,
    time: timeline.now,
    hash: trace.hash,
    trace: trace.lines,
  };
}

const isQuiet = ({ programs, underWay }: World): boolean =>
  underWay === 0 && programs.every(({ idle }) => idle);

async function judge(world: World): Promise<void> {
  const { timeline, inquest } = world;
  const contents = world.contents();
  await timeline.run(timeline.now + 1);
  inquest.settled(await contents);
  world.lookForHeirs((node, key) => inquest.violated("waiters", `${node} keeps ${key} for one who is gone`));
  await timeline.run(timeline.now + 10);
}

async function leave({ timeline, inquest, programs }: World): Promise<void> {
  for (const program of programs) {
    if (program.host.dead) continue;
    let closed = false;
    void program.close().then(() => {
      closed = true;
    });
    await timeline.run(timeline.now + 6_000, () => closed);
    await timeline.run(timeline.now + program.lingers);
    if (!closed) inquest.violated("leftovers", `${program.host.name} does not end closing its locks`);
    else inquest.left(program);
    for (const link of program.links) link.end();
    program.host.die();
  }
}
