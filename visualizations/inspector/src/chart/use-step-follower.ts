import { useLayoutEffect, useState } from "preact/hooks";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { StepFollower } from "./step-follower.js";

/** The clock of one lock's page. `state`: the lock's current state; null while nothing is known of the lock. */
export function useStepFollower(history: readonly Step[], state: string | null): StepFollower {
  const [follower] = useState(() => new StepFollower(state ?? "idle", () => document.hidden));
  const last = history.at(-1);
  // If the newest step is unchanged, there is nothing to follow.
  useLayoutEffect(() => {
    if (state !== null) follower.follow(history, state);
  }, [follower, last, state]);
  useLayoutEffect(() => () => follower.stop(), [follower]);
  return follower;
}
