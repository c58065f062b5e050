import { act } from "./actions.js";
import { inject } from "./faults.js";
import { examine } from "./liveness/examine.js";
import type { Counts, Violation } from "./oracle.js";
import type { Script } from "./script.js";
import { type Begin, Simulation } from "./simulation.js";

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
  const aggregate = new Simulation(script, keep, begin);
  const { timeline, oracle, trace } = aggregate;
  const failed = () => oracle.violations.length > 0;
  for (const step of script.steps) {
    timeline.at(step.at, () => {
      if ("fault" in step) return inject(aggregate, step.fault);
      const program = aggregate.program(step.host);
      program.host.run(() => void act(aggregate, program, step.action));
    });
  }
  await timeline.run(script.end, failed);
  await timeline.run(script.end + patience, () => failed() || isQuiet(aggregate));
  if (!failed() && !isQuiet(aggregate)) oracle.violated("waiters", "not everything that was begun has ended");
  await timeline.run(Math.max(timeline.now, script.end + aftermath) + settling, failed);
  if (!failed()) await judge(aggregate);
  // Users' own programs are judged by what they do themselves.
  if (!failed() && begin === undefined) await examine(aggregate, failed);
  if (!failed()) await leave(aggregate);
  return {
    violations: oracle.violations,
    overlaps: oracle.exclusion.overlaps,
    counts: oracle.counts,
    time: timeline.now,
    hash: trace.hash,
    trace: trace.lines,
  };
}

const isQuiet = ({ programs, underWay }: Simulation): boolean =>
  underWay === 0 && programs.every(({ idle }) => idle);

async function judge(aggregate: Simulation): Promise<void> {
  const { timeline, oracle } = aggregate;
  const contents = aggregate.contents();
  await timeline.run(timeline.now + 1);
  oracle.settled(await contents);
  aggregate.lookForHeirs((node, key) =>
    oracle.violated("waiters", `${node} keeps ${key} for one who is gone`),
  );
  await timeline.run(timeline.now + 10);
}

async function leave({ timeline, oracle, programs }: Simulation): Promise<void> {
  for (const program of programs) {
    if (program.host.dead) continue;
    let closed = false;
    void program.close().then(() => {
      closed = true;
    });
    await timeline.run(timeline.now + 6_000, () => closed);
    await timeline.run(timeline.now + program.lingers);
    if (!closed) oracle.violated("leftovers", `${program.host.name} does not end closing its locks`);
    else oracle.left(program);
    for (const link of program.links) link.end();
    program.host.die();
  }
}
