import type { Action, Script } from "./script.js";
import { SeededRandom } from "./seeded-random.js";

/** The random sequence of this workload. Other sequences of a run have small numbers. */
const stream = 1_000_000;
/** The longest minimum hold in ms: over before the checks that follow the last fault. */
const longest = 8_000;

/** Gives most actions of a script a minimum hold. The script is otherwise the same. */
export function withMinimumHolds(script: Script): Script {
  const random = new SeededRandom(script.seed, stream);
  const steps = script.steps.map((step) =>
    "action" in step ? { ...step, action: holding(step.action, random) } : step,
  );
  return { ...script, steps };
}

function holding(action: Action, random: SeededRandom): Action {
  const { ttl, maxHold } = action;
  const share = random.between(0.2, 1.8);
  if (random.flip(0.2)) return action;
  return { ...action, holdAtLeast: Math.floor(Math.min(ttl * share, longest, maxHold ?? longest)) };
}
