import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { overviewArrows } from "../../../../src/charts/overview.js";
import { plain } from "../../../../src/cli/plain.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { hasRunOut, runOutWords } from "../../../../src/inspector/feed/silence.js";
import { arrowOf, drawnFor } from "../chart/arrows.js";
import { ChartPanel, useScopedSteps } from "../chart/chart-panel.js";
import { chartView, heatScope } from "../chart/chart-view.js";
import { useStepFollower } from "../chart/use-step-follower.js";
import { useInspector } from "../context.js";
import { Owner } from "../frame/owner.js";
import { StateLabel } from "../frame/state-label.js";
import { Validity } from "../list/validity.js";
import { isSignOfLife } from "../model/asks.js";
import { formatDuration } from "../model/duration.js";
import { Events } from "./events.js";
import { TimelinePicture } from "./timeline-picture.js";
import type { OpenLock } from "./use-lock.js";
import { Votes } from "./votes.js";

interface Props extends OpenLock {
  readonly lock: LockView;
}

/** All that is known of one lock: its facts, its chart, its votes, its last minute and its events. */
export function LockPanels({ lock, gone, received, steps }: Props) {
  const inspector = useInspector();
  const follower = useStepFollower(received, lock.state);
  const source = inspector.aggregate.value.current.sources.get(lock.source);
  const [arrow, setArrow] = useState<string | null>(null);
  const scoped = useScopedSteps(lock, steps);
  const drawn = drawnFor(chartView.value.level, lock, steps);
  const picked =
    arrow === null
      ? null
      : {
          label: labelOf(arrow),
          steps: scoped.filter((step) => arrowOf(drawn, step) === arrow),
          many: heatScope.value === "process" || heatScope.value === "all",
        };
  const asks = steps.filter(
    (step) => isSignOfLife(step) && step.lock.acquisition === lock.acquisition,
  ).length;
  return (
    <>
      <dl class="facts">
        <Fact name="state">
          <StateLabel state={follower.lit.value.state} whole />
          {hasRunOut(lock, source, inspector.heardAt.value) && (
            <span class="badge bad">{runOutWords}: this is how it was seen last</span>
          )}
          {gone && <span class="badge warn">gone: this is how it was seen last</span>}
        </Fact>
        <Fact name="owner">
          <Owner source={lock.source} link />
        </Fact>
        <Fact name="validity left">
          <Validity lock={lock} />
        </Fact>
        <Fact name="ttl">{lock.ttl === null ? "–" : formatDuration(lock.ttl)}</Fact>
        <Fact name="fence">{lock.fence ?? "–"}</Fact>
        <Fact name="attempts">
          {lock.attempts}
          {asks > 0 && <span class="muted"> of which {asks} to keep its place in line</span>}
        </Fact>
        <Fact name="renewals">{lock.renewals}</Fact>
        <Fact name="in this state">{formatDuration(inspector.sourceNow(lock.source) - lock.since)}</Fact>
        {lock.reason !== null && <Fact name="reason">{plain(lock.reason)}</Fact>}
      </dl>
      <div class="panels">
        <section class="panel panel-chart" aria-labelledby="chart-title">
          <ChartPanel lock={lock} follower={follower} steps={steps} picked={arrow} onPick={setArrow} />
        </section>
        <div class="panels-side">
          <section class="panel panel-votes" aria-labelledby="votes-title">
            <h2 id="votes-title">Votes</h2>
            <Votes lock={lock} />
          </section>
          <section class="panel panel-timeline" aria-labelledby="timeline-title">
            <h2 id="timeline-title">Last minute</h2>
            <TimelinePicture lock={lock} steps={steps} />
          </section>
          <section class="panel panel-events" aria-labelledby="events-title">
            <Events steps={steps} picked={picked} onClear={() => setArrow(null)} />
          </section>
        </div>
      </div>
    </>
  );
}

/** An arrow's name for a heading. */
function labelOf(arrow: string): string {
  const found = overviewArrows.find(({ id }) => id === arrow);
  return found === undefined ? arrow.replace(">", " → ").replace(/^ /, "any state ") : found.label;
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
