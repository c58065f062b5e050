import type { Findings } from "../checkers/checker.js";
import type { Program } from "../program.js";
import type { HostPlan } from "../script.js";
import type { SeededRandom } from "../seeded-random.js";
import type { Simulation } from "../simulation.js";

/** What is looked at once the last fault is over: programs that live, on nodes and a network that are well. */
export interface Recovery {
  readonly aggregate: Simulation;
  /** Users of Holdfast, all of them alive. */
  readonly programs: readonly Program[];
  readonly findings: Findings;
  readonly random: SeededRandom;
}

/** ms after which a process, or its client, takes a request for lost. */
export const patienceOf = ({ nodeTimeout, client }: HostPlan): number =>
  Math.min(nodeTimeout, client.timeout ?? nodeTimeout);

/** The wall clocks of all agree from now on: who is ahead stands behind those who came later. */
export function agreeOnTime({ aggregate, programs }: Recovery): void {
  const time = Math.max(...programs.map(({ host }) => host.clock.wall()));
  for (const { host } of programs) {
    host.steppedAt = aggregate.timeline.now;
    host.clock.step(time - host.clock.wall());
  }
}

/** Sleeps by true time. */
export const pass = ({ timeline }: Simulation, ms: number): Promise<void> =>
  new Promise((resolve) => void timeline.in(ms, resolve));

/** What became of a promise, and how many ms of true time it took. */
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

/** An error, and what was behind it, in one line. */
export function reasonOf(error: unknown): string {
  const { message = String(error), cause } = error as { message?: string; cause?: unknown };
  return cause === undefined ? message : `${message} (${reasonOf(cause)})`;
}
