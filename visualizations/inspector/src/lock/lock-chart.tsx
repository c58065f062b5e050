import { useLayoutEffect, useState } from "preact/hooks";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { Chart } from "../frame/chart.js";
import { StepFollower } from "./follow.js";

/** The chart of one lock, which follows its steps. */
export function LockChart({ history, state }: { readonly history: readonly Step[]; readonly state: string }) {
  const [follower] = useState(() => new StepFollower(state));
  const last = history.at(-1);
  // If the newest step is unchanged, there is nothing to follow.
  useLayoutEffect(() => follower.follow(history, state), [follower, last, state]);
  useLayoutEffect(() => () => follower.stop(), [follower]);
  const { state: lit, step } = follower.lit.value;
  const [whole, setWhole] = useState(false);
  return (
    <>
      <div class="panel-head">
        <h2 id="chart-title">Chart</h2>
        <button type="button" class="button" aria-pressed={whole} onClick={() => setWhole(!whole)}>
          Whole
        </button>
      </div>
      <Chart name="lock" state={lit} moved={step} label={`The lock's chart; it is ${lit}`} whole={whole} />
    </>
  );
}
