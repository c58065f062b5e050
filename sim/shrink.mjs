/** Removes steps from a failing script while the same checker still fails. */
import fc from "fast-check";

/** Maximum duration in ms. */
const maxShrinkMs = 60_000;

export async function shrink(play, script, checker) {
  let smallest = script;
  const fails = async (steps) => {
    const candidate = { ...script, steps };
    const { violations } = await play(candidate);
    if (!violations.some((violation) => violation.checker === checker)) return false;
    if (steps.length < smallest.steps.length) smallest = candidate;
    return true;
  };
  // First removes halves, quarters and so on; fast-check then removes single steps.
  const end = performance.now() + maxShrinkMs / 2;
  for (let size = Math.ceil(script.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.steps.length && performance.now() < end; ) {
      const { steps } = smallest;
      if (!(await fails([...steps.slice(0, at), ...steps.slice(at + size)]))) at += size;
    }
  }
  const steps = [...smallest.steps];
  await fc.check(
    fc.asyncProperty(fc.subarray(steps), async (some) => !(await fails(some))),
    {
      numRuns: 1,
      examples: [[steps]],
      interruptAfterTimeLimit: maxShrinkMs / 2,
      markInterruptAsFailure: false,
    },
  );
  return smallest;
}
