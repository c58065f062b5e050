import { act } from "./actions.js";
import { inject } from "./faults.js";
import { examine } from "./liveness/examine.js";
import type { Outcome } from "./outcome.js";
import type { Script } from "./script.js";
import { type Begin, Simulation } from "./simulation.js";

/** Maximum time in ms until all operations in progress have ended. */
const maxDrainMs = 120_000;
/** Maximum time in ms from the end of the script until the last fault has ended. */
const maxRecoveryMs = 5_000;
/** Time in ms without faults after which pending releases must be delivered and queue places must have expired. */
const quietMs = 15_000;

export interface PlayOptions {
  /** Whether to keep the events of the run, one per line. Default false. */
  readonly trace?: boolean;
  /** Called with each incarnation of a process when it starts. */
  readonly begin?: Begin;
}

/** Plays a script until its end or the first violation. */
export async function play(
  script: Script,
  { trace: keep = false, begin }: PlayOptions = {},
): Promise<Outcome> {
  const simulation = new Simulation(script, keep, begin);
  const { timeline, oracle, trace } = simulation;
  const failed = () => oracle.violations.length > 0;
  for (const step of script.steps) {
    timeline.at(step.at, () => {
      if ("fault" in step) return inject(simulation, step.fault);
      const program = simulation.program(step.host);
      program.host.run(() => void act(simulation, program, step.action));
    });
  }
  await timeline.run(script.end, failed);
  await timeline.run(script.end + maxDrainMs, () => failed() || isQuiet(simulation));
  if (!failed() && !isQuiet(simulation))
    oracle.violated("waiters", "not everything that was begun has ended");
  await timeline.run(Math.max(timeline.now, script.end + maxRecoveryMs) + quietMs, failed);
  if (!failed()) await checkQuiet(simulation);
  // The liveness checks do not apply to users' own programs, nor to nodes that were removed.
  if (!failed() && begin === undefined && script.change === undefined) await examine(simulation, failed);
  if (!failed()) await closePrograms(simulation);
  return {
    violations: oracle.violations,
    overlaps: oracle.exclusion.overlaps,
    counts: oracle.counts,
    time: timeline.now,
    hash: trace.hash,
    trace: trace.lines,
  };
}

const isQuiet = ({ programs, handoversInTransit }: Simulation): boolean =>
  handoversInTransit === 0 && programs.every(({ idle }) => idle);

async function checkQuiet(simulation: Simulation): Promise<void> {
  const { timeline, oracle } = simulation;
  const contents = simulation.contents();
  await timeline.run(timeline.now + 1);
  oracle.quiet(await contents);
  simulation.findReservedKeys((node, key) =>
    oracle.violated("waiters", `${node} keeps ${key} for a waiter that is gone`),
  );
  await timeline.run(timeline.now + 10);
}

async function closePrograms({ timeline, oracle, programs }: Simulation): Promise<void> {
  for (const program of programs) {
    if (program.host.dead) continue;
    let closed = false;
    void program.close().then(() => {
      closed = true;
    });
    await timeline.run(timeline.now + 6_000, () => closed);
    await timeline.run(timeline.now + program.closeDelayMs);
    if (!closed) oracle.violated("leftovers", `${program.host.name} does not end closing its locks`);
    else oracle.closed(program);
    for (const link of program.links) link.end();
    program.host.die();
  }
}
