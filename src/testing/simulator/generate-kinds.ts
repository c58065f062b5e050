import { permitsWanted, semaphore } from "./generate-permits.js";
import { reading } from "./readers.js";
import type { Action, Step } from "./script.js";
import { SeededRandom } from "./seeded-random.js";

/** The random sequence of these actions. Other sequences of a run have small numbers. */
const stream = 1_000_004;

/** The name of the election that the processes are candidates for. */
export const election = "leader";

/** Makes the actions acquire leases of all kinds: exclusive and shared ones, permits of one semaphore, and leaderships. */
export function withAllKinds(steps: readonly Step[], seed: number): Step[] {
  const random = new SeededRandom(seed, stream);
  const wanted = permitsWanted(random);
  const change = (action: Action): Action => {
    const share = random.fraction();
    if (share < 0.3 || action.kind === "redlock" || action.kind === "inspect") return action;
    if (share < 0.6) return reading(action, random);
    if (share < 0.85) return { ...action, resources: [semaphore], permits: wanted() };
    return { ...action, kind: "elect", resources: [election], end: "release" };
  };
  return steps.map((step) => ("action" in step ? { ...step, action: change(step.action) } : step));
}
