import { useMemo } from "preact/hooks";
import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { formatDuration } from "../model/duration.js";
import { drawnFor, type Level, levels } from "./arrows.js";
import { changeView, chartView, heatScope, nextZoom } from "./chart-view.js";
import { type HeatScope, heatOf, heatScopes } from "./heat.js";
import { Picture } from "./picture.js";
import type { StepFollower } from "./step-follower.js";

const levelNames: Record<Level, string> = { overview: "Overview", full: "Full chart" };
const scopeNames: Record<HeatScope, string> = {
  off: "off",
  lock: "this lock",
  process: "this process",
  all: "all locks",
};

interface Props {
  readonly lock: LockView;
  readonly follower: StepFollower;
  /** The lock's known steps. */
  readonly steps: readonly Step[];
  readonly picked: string | null;
  readonly onPick: (arrow: string | null) => void;
}

/** The chart of one lock, which follows its steps. */
export function ChartPanel({ lock, follower, steps, picked, onPick }: Props) {
  const { level, zoom, follows } = chartView.value;
  const drawn = drawnFor(level, lock, steps);
  const scoped = useScopedSteps(lock, steps);
  const heat = useMemo(
    () => (heatScope.value === "off" ? null : heatOf(drawn, scoped)),
    [drawn, scoped, heatScope.value],
  );
  return (
    <>
      <div class="panel-head">
        <h2 id="chart-title">Chart</h2>
        <Behind follower={follower} />
        <span class="grow" />
        <label class="choice">
          Heat
          <select
            value={heatScope.value}
            onChange={({ currentTarget }) => {
              heatScope.value = currentTarget.value as HeatScope;
            }}
          >
            {heatScopes.map((scope) => (
              <option key={scope} value={scope}>
                {scopeNames[scope]}
              </option>
            ))}
          </select>
        </label>
        <fieldset class="segments" aria-label="Level of the chart">
          {levels.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === level}
              onClick={() => {
                onPick(null);
                changeView({ level: one });
              }}
            >
              {levelNames[one]}
            </button>
          ))}
        </fieldset>
      </div>
      {level === "full" && (
        <div class="zoom" role="toolbar" aria-label="Size of the chart">
          <button
            type="button"
            class="button"
            aria-label="Smaller"
            onClick={() => changeView({ zoom: nextZoom(zoom, -1) })}
          >
            −
          </button>
          <output>{zoom === null ? "whole" : `${Math.round(zoom * 100)} %`}</output>
          <button
            type="button"
            class="button"
            aria-label="Larger"
            onClick={() => changeView({ zoom: nextZoom(zoom, 1) })}
          >
            +
          </button>
          <button
            type="button"
            class="button"
            aria-pressed={zoom === null}
            onClick={() => changeView({ zoom: zoom === null ? 1 : null })}
          >
            Whole
          </button>
          <button
            type="button"
            class="button"
            aria-pressed={follows}
            title="Keeps the current state in sight"
            onClick={() => changeView({ follows: !follows })}
          >
            Follow
          </button>
        </div>
      )}
      <Picture
        drawn={drawn}
        follower={follower}
        heat={heat}
        picked={picked}
        onPick={(arrow) => onPick(arrow === picked ? null : arrow)}
      />
      {heat !== null && (
        <p class="chart-note muted">
          {heat.steps.toLocaleString("en")} steps {whose[heatScope.value]}: how often each arrow was taken,
          how often each state was left and how long it lasted on average
        </p>
      )}
    </>
  );
}

const whose: Record<HeatScope, string> = {
  off: "",
  lock: "of this lock that are known",
  process: "of this process that the page has received",
  all: "of all locks that the page has received",
};

/** How far the chart and the badge are behind, and the way out. */
function Behind({ follower }: { readonly follower: StepFollower }) {
  const { now } = useInspector();
  const since = follower.waitingSince.value;
  // In a replay the page's clock is the recording's. It is read only while it matters.
  const behind = since === null ? 0 : Math.max(now.value, Date.now()) - since;
  const shown = behind >= leastShown;
  return (
    <button
      type="button"
      class="button behind"
      data-shown={shown}
      tabIndex={shown ? 0 : -1}
      aria-hidden={!shown}
      onClick={() => follower.jump()}
    >
      {formatDuration(behind)} behind; jump to now
    </button>
  );
}

/** Delay in ms from which the page says that it is behind. */
const leastShown = 300;
/** Steps of many locks are counted at most once in this time, in ms. */
const recountInterval = 1_000;

/** The steps that the chosen heat is about, the oldest first. */
export function useScopedSteps(lock: Pick<LockView, "source">, steps: readonly Step[]): readonly Step[] {
  const { aggregate, now } = useInspector();
  const scope = heatScope.value;
  const ofMany = scope === "process" || scope === "all";
  const turn = ofMany ? Math.floor(now.value / recountInterval) : 0;
  return useMemo(() => {
    if (!ofMany) return steps;
    const all = aggregate.peek().current.keptSteps();
    return scope === "all" ? [...all] : [...all].filter((step) => step.lock.source === lock.source);
  }, [scope, turn, ofMany ? null : steps, lock.source]);
}
