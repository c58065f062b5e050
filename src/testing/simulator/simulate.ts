import { InvalidOptionError, isHoldfastError } from "../../errors.js";
import { checkBoolean, checkDuration, checkEntries, checkFunction } from "../../support/checks.js";
import { type FaultClass, faultClasses } from "./fault-class.js";
import { generate } from "./generate.js";
import type { Outcome } from "./outcome.js";
import type { Program } from "./program.js";
import { play } from "./run.js";
import type { Simulation } from "./simulation.js";
import type { UserProgram } from "./user-program.js";

export interface SimulationOptions {
  /** Determines the whole run: the faults, the clocks, the messages, and the results of `random`. An integer from 0. */
  readonly seed: number;
  /**
   * `inBounds` (default): nodes crash, hang and recover, connections break, processes stall, are suspended and die, clocks
   * drift and are stepped, all within the assumptions of Holdfast's safety rules. `beyond`: faults exceed those
   * assumptions. Leases may then overlap, and overlaps are counted. `membership`: as `inBounds`, while the processes are
   * restarted to change over from one set of nodes to another, with `previous`. `groups`: as `membership`, but the nodes that
   * are changed are those of one of two groups. `permits`: as `inBounds`, while the processes acquire permits of a semaphore.
   */
  readonly faults?: FaultClass | undefined;
  /** The program of each process, started in each incarnation. Default: a mixture of all lock operations. */
  readonly program?: UserProgram | undefined;
  /** The number of actions in that mixture. An integer from 0, default 150. */
  readonly actions?: number | undefined;
  /** Whether to keep the events of the run, one per line. Default false. */
  readonly trace?: boolean | undefined;
}

const known = ["seed", "faults", "program", "actions", "trace"];

/**
 * Simulates some 20 s of faults in virtual time, with the real locks on simulated nodes, and checks for violations. The
 * same seed gives the same run. The program must use only the clock, `sleep` and `random` of its process: other timers,
 * Date and the network are not simulated, and would make runs differ. Rejects with an InvalidOptionError for invalid
 * options.
 */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  checkOptions(options);
  const { seed, faults = "inBounds", program, actions = 150, trace = false } = options;
  checkWhole("seed", seed);
  checkWhole("actions", actions);
  if (!faultClasses.includes(faults))
    throw new InvalidOptionError(
      "faults",
      faults,
      '"inBounds", "beyond", "membership", "groups", "permits" or "kinds"',
    );
  checkBoolean("trace", trace);
  if (program === undefined) return play(generate(seed, faults, actions), { trace });
  checkFunction("program", program);
  const script = generate(seed, faults, 0);
  // Every process runs the user's program.
  const hosts = script.hosts.map((host) => ({ ...host, foreign: false }));
  // Not cold: each process would warn the user about new nodes.
  return play(
    { ...script, hosts, cold: false },
    { trace, begin: (simulation, incarnation) => begin(simulation, incarnation, program) },
  );
}

function checkOptions(options: unknown): void {
  const unknown = checkEntries("options", options, `: ${known.join(", ")}`).find(
    ([name]) => !known.includes(name),
  );
  if (unknown !== undefined)
    throw new InvalidOptionError(unknown[0], unknown[1], `left out: known are ${known.join(", ")}`);
}

function checkWhole(option: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw new InvalidOptionError(option, value, "an integer from 0");
}

/** Starts the user's program in an incarnation. HoldfastErrors are expected; any other error is a violation. */
function begin(simulation: Simulation, incarnation: Program, program: UserProgram): void {
  const { host, locks, index } = incarnation;
  const { name, clock } = host;
  const ended = (failure?: { readonly thrown: unknown }) => {
    incarnation.busy--;
    if (failure === undefined || host.dead || incarnation.closing || isHoldfastError(failure.thrown)) return;
    const { thrown: error } = failure;
    simulation.oracle.violated(
      "program",
      `${name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  };
  const process = {
    name,
    index,
    locks,
    clock,
    random: () => host.random.fraction(),
    sleep: async (ms: number) => host.sleep(checkDuration("sleep", ms, 0, true)),
    over: () => simulation.timeline.now >= simulation.script.end,
  };
  incarnation.busy++;
  Promise.resolve()
    .then(() => program(process))
    .then(
      () => ended(),
      (thrown: unknown) => ended({ thrown }),
    );
}
