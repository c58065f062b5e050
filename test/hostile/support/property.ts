import fc from "fast-check";

/**
 * How many inputs each property tries, and from which seed: a fresh one each time, so that every run looks somewhere
 * else. What fails names its seed and path: HOLDFAST_SEED=… HOLDFAST_PATH=… repeats exactly that.
 */
const { HOLDFAST_SEED, HOLDFAST_PATH } = process.env;

/** What repeats a run that failed. */
export const replay =
  HOLDFAST_SEED === undefined
    ? {}
    : { seed: Number(HOLDFAST_SEED), ...(HOLDFAST_PATH === undefined ? {} : { path: HOLDFAST_PATH }) };

/** What is meant by "does not hang", in ms: so long that no busy machine takes it. */
const patience = 10_000;

/** Inputs that each call is tried with. */
export const manyRuns = 1_000;

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

/** The promise's own outcome, or an error if it has none in time. */
export async function bounded<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}
