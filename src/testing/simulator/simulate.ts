import { InvalidOptionError, isHoldfastError } from "../../errors.js";
import { checkBoolean, checkDuration, checkFunction } from "../../lock/option-checks.js";
import { entriesOf } from "../../support/untrusted.js";
import { generate } from "./generate.js";
import type { Program } from "./program.js";
import { type Outcome, play } from "./run.js";
import type { FaultClass } from "./script.js";
import type { Simulation } from "./simulation.js";
import type { UserProgram } from "./user-program.js";

export interface SimulationOptions {
  /** Decides everything: the faults, the clocks, the messages, and what `random` gives. An integer from 0. */
  readonly seed: number;
  /**
   * `inBounds`, the default: nodes crash, hang and come back, connections break, processes stall, are suspended and die,
   * clocks drift and are set, all of it within what Holdfast's rules of safety assume. `beyond`: more than that; then
   * leases may overlap, which is counted.
   */
  readonly faults?: FaultClass;
  /** What each process runs, in each of its lives. Default: a mixture of everything that can be done with locks. */
  readonly program?: UserProgram;
  /** How much of that mixture. Default 150. */
  readonly actions?: number;
  /** Whether to keep what happened, line by line. Default false. */
  readonly trace?: boolean;
}

const known = ["seed", "faults", "program", "actions", "trace"];

/**
 * Plays one bad day, some 20 s long, on simulated nodes, with the real locks, in virtual time, and looks for violations.
 * The same seed gives the same run. Within the program use only its own clock, `sleep` and `random`: what comes from
 * outside (timers, Date, the network) is not simulated, and would make runs differ. Rejects with an InvalidOptionError
 * for options that make no sense.
 */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  checkOptions(options);
  const { seed, faults = "inBounds", program, actions = 150, trace = false } = options;
  checkWhole("seed", seed);
  checkWhole("actions", actions);
  if (faults !== "inBounds" && faults !== "beyond")
    throw new InvalidOptionError("faults", faults, '"inBounds" or "beyond"');
  checkBoolean("trace", trace);
  if (program === undefined) return play(generate(seed, faults, actions), { trace });
  checkFunction("program", program);
  const script = generate(seed, faults, 0);
  // Every process is the user's.
  const hosts = script.hosts.map((host) => ({ ...host, foreign: false }));
  // A new set of nodes is no concern of the user's, and each process would warn of it.
  return play(
    { ...script, hosts, cold: false },
    { trace, begin: (aggregate, life) => begin(aggregate, life, program) },
  );
}

function checkOptions(options: unknown): void {
  const entries = entriesOf(options);
  if (entries === null)
    throw new InvalidOptionError("options", options, `an object with ${known.join(", ")}`);
  const stranger = entries.find(([name]) => !known.includes(name));
  if (stranger !== undefined)
    throw new InvalidOptionError(stranger[0], stranger[1], `left out: known are ${known.join(", ")}`);
}

function checkWhole(option: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw new InvalidOptionError(option, value, "an integer from 0");
}

/** A life of the program; what it is refused with is part of such a day, anything else that it throws is a finding. */
function begin(aggregate: Simulation, life: Program, program: UserProgram): void {
  const { host, locks, index } = life;
  const { name, clock } = host;
  const ended = (failure?: { readonly thrown: unknown }) => {
    life.busy--;
    if (failure === undefined || host.dead || life.closing || isHoldfastError(failure.thrown)) return;
    const { thrown: error } = failure;
    aggregate.oracle.violated(
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
    over: () => aggregate.timeline.now >= aggregate.script.end,
  };
  life.busy++;
  Promise.resolve()
    .then(() => program(process))
    .then(
      () => ended(),
      (thrown: unknown) => ended({ thrown }),
    );
}
