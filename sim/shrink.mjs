/** Makes a failing script smaller, as long as it fails in the same way. */
import fc from "fast-check";

/** ms. */
const longest = 60_000;

export async function shrink(play, script, checker) {
  let smallest = script;
  const fails = async (steps) => {
    const candidate = { ...script, steps };
    const { violations } = await play(candidate);
    if (!violations.some((violation) => violation.checker === checker)) return false;
    if (steps.length < smallest.steps.length) smallest = candidate;
    return true;
  };
  // Halves, quarters and so on are left out first; fast-check then goes on one step at a time.
  const end = performance.now() + longest / 2;
  for (let size = Math.ceil(script.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.steps.length && performance.now() < end; ) {
      const { steps } = smallest;
      if (!(await fails([...steps.slice(0, at), ...steps.slice(at + size)]))) at += size;
    }
  }
  const steps = [...smallest.steps];
  await fc.check(
    fc.asyncProperty(fc.subarray(steps), async (some) => !(await fails(some))),
    { numRuns: 1, examples: [[steps]], interruptAfterTimeLimit: longest / 2, markInterruptAsFailure: false },
  );
  return smallest;
}
