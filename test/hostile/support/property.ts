import fc from "fast-check";
import { breadth } from "../../support/breadth.js";

/**
 * The seed of the properties: a new one in each run, so that every run tries other inputs. A failure prints its seed and
 * path; HOLDFAST_SEED=… HOLDFAST_PATH=… repeats exactly that failure.
 */
const { HOLDFAST_SEED, HOLDFAST_PATH } = process.env;

/** The parameters that repeat a failed run. */
export const replay =
  HOLDFAST_SEED === undefined
    ? {}
    : { seed: Number(HOLDFAST_SEED), ...(HOLDFAST_PATH === undefined ? {} : { path: HOLDFAST_PATH }) };

/** The time in ms after which a call counts as hanging; no busy machine takes that long. */
const maxMs = 10_000;

/** The number of inputs per call. */
export const manyRuns = breadth(200, 1_000);

/** Rejects with the smallest input found for which `check` throws, and how to repeat it. */
export async function holds<T>(
  inputs: fc.Arbitrary<T>,
  check: (input: T) => Promise<void> | void,
  numRuns = manyRuns,
): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => check(input));
  await fc.assert(property, {
    numRuns,
    interruptAfterTimeLimit: 60_000,
    markInterruptAsFailure: true,
    ...replay,
  });
}

/** Returns the outcome of a promise, or rejects if the promise does not settle in time. */
export async function bounded<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${maxMs} ms`)), maxMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
