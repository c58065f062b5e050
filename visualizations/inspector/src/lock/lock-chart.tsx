import { useLayoutEffect, useState } from "preact/hooks";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { Chart } from "../frame/chart.js";
import { Follower } from "./follow.js";

/** The chart of one lock, which follows its steps. */
export function LockChart({ history, state }: { readonly history: readonly Step[]; readonly state: string }) {
  const [follower] = useState(() => new Follower(state));
  const last = history.at(-1);
  // Each history ends with the newest step: where that is the same, there is nothing to follow.
  useLayoutEffect(() => follower.follow(history, state), [follower, last, state]);
  useLayoutEffect(() => () => follower.stop(), [follower]);
  const { state: lit, step } = follower.lit.value;
  const [whole, become] = useState(false);
  return (
    <>
      <div class="panel-head">
        <h2 id="chart-title">Chart</h2>
        <button type="button" class="button" aria-pressed={whole} onClick={() => become(!whole)}>
          Whole
        </button>
      </div>
      <Chart name="lock" state={lit} moved={step} label={`The lock's chart; it is ${lit}`} whole={whole} />
    </>
  );
}
