import type { Findings } from "../checkers/checker.js";
import type { Program } from "../program.js";
import type { HostPlan } from "../script.js";
import type { SeededRandom } from "../seeded-random.js";
import type { Simulation } from "../simulation.js";

/** The input of a liveness check after the last fault: running programs on healthy nodes and a healthy network. */
export interface Recovery {
  readonly simulation: Simulation;
  /** The running programs that use Holdfast. */
  readonly programs: readonly Program[];
  readonly findings: Findings;
  readonly random: SeededRandom;
}

/** Time in ms after which a process, or its client, considers a request lost. */
export const requestTimeoutOf = ({ nodeTimeout, client }: HostPlan): number =>
  Math.min(nodeTimeout, client.timeout ?? nodeTimeout);

/** Sets all wall clocks to the same time: a waiter whose clock is ahead would queue behind later waiters. */
export function agreeOnTime({ simulation, programs }: Recovery): void {
  const time = Math.max(...programs.map(({ host }) => host.clock.wall()));
  for (const { host } of programs) {
    host.steppedAt = simulation.timeline.now;
    host.clock.step(time - host.clock.wall());
  }
}

/** Sleeps by true time. */
export const sleep = ({ timeline }: Simulation, ms: number): Promise<void> =>
  new Promise((resolve) => void timeline.in(ms, resolve));

/** Waits for a promise. Returns its value or its error, and how long it took in ms of true time. */
export async function timed<T>(
  { timeline }: Simulation,
  promise: Promise<T>,
): Promise<{ readonly value?: T; readonly error?: unknown; readonly took: number }> {
  const since = timeline.now;
  try {
    const value = await promise;
    return { value, took: timeline.now - since };
  } catch (error) {
    return { error, took: timeline.now - since };
  }
}

/** Formats an error and its causes on one line. */
export function reasonOf(error: unknown): string {
  const { message = String(error), cause } = error as { message?: string; cause?: unknown };
  return cause === undefined ? message : `${message} (${reasonOf(cause)})`;
}
