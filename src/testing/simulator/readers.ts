import type { Action, Script } from "./script.js";
import { SeededRandom } from "./seeded-random.js";

/** The random sequence of this workload. Other sequences of a run have small numbers. */
const stream = 1_000_003;
/** ms: a run does not last as long as the longest leases. */
const longestHold = 8_000;

/** Makes most actions of a script readers, some of which try to become the writer. The script is otherwise the same. */
export function withReaders(script: Script): Script {
  const random = new SeededRandom(script.seed, stream);
  const steps = script.steps.map((step) =>
    "action" in step ? { ...step, action: reading(step.action, random) } : step,
  );
  return { ...script, steps };
}

/** Makes most actions readers, some of which try to become the writer. */
export function reading(action: Action, random: SeededRandom): Action {
  const wait = random.pick([0, 50, 500, 2_000]);
  const upgrades = random.flip(0.35);
  const after = random.between(0, Math.min(action.ttl, longestHold) / 4);
  if (random.flip(0.3) || action.kind === "redlock" || action.kind === "inspect") return action;
  return { ...action, mode: "shared", ...(upgrades ? { upgrade: { after, wait } } : {}) };
}
