import type { Action, PermitsWanted, Step } from "./script.js";
import { SeededRandom } from "./seeded-random.js";

/** The random sequence of these actions. Other sequences of a run have small numbers. */
const stream = 1_000_002;

/** The semaphore that the actions of a run acquire from. */
export const semaphore = "pool";

/** Returns a function that picks how many permits an action wants. Each call of that function may give another weight. */
export function permitsWanted(random: SeededRandom): () => PermitsWanted {
  const number = random.pick([1, 2, 2, 3, 5, 9]);
  return () => ({ semaphore, number, weight: random.flip(0.25) ? 1 + random.below(number) : 1 });
}

/** Makes the actions acquire permits of one semaphore. */
export function withPermits(steps: readonly Step[], seed: number): Step[] {
  const wanted = permitsWanted(new SeededRandom(seed, stream));
  const isOther = ({ kind }: Action) => kind === "redlock" || kind === "inspect";
  return steps.map((step) => {
    if (!("action" in step)) return step;
    const { action } = step;
    const kind = isOther(action) ? "acquire" : action.kind;
    return { ...step, action: { ...action, kind, resources: [semaphore], permits: wanted() } };
  });
}
