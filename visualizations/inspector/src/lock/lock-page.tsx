import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { overviewArrows } from "../../../../src/charts/overview.js";
import { plain } from "../../../../src/cli/plain.js";
import { arrowOf } from "../chart/arrows.js";
import { ChartPanel, useScopedSteps } from "../chart/chart-panel.js";
import { chartView, heatScope } from "../chart/chart-view.js";
import { useStepFollower } from "../chart/use-step-follower.js";
import { useInspector } from "../context.js";
import { Empty } from "../frame/empty.js";
import { StateLabel } from "../frame/state-label.js";
import { Owner } from "../list/lock-row.js";
import { Validity } from "../list/validity.js";
import { formatDuration } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { shownName } from "../model/shown-name.js";
import { retriesOf } from "../model/sort.js";
import { Events } from "./events.js";
import { TimelinePicture } from "./timeline-picture.js";
import { useLock } from "./use-lock.js";
import { Votes } from "./votes.js";

export function LockPage({ id }: { readonly id: string }) {
  const inspector = useInspector();
  const { lock, gone, received, steps } = useLock(id);
  const follower = useStepFollower(received, lock?.state ?? null);
  const [arrow, setArrow] = useState<string | null>(null);
  const scoped = useScopedSteps(lock ?? { source: "" }, steps);
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    // If the page replaces the list, the title takes over the focus.
    if (document.getElementById("locks")?.offsetParent == null) title.current?.focus();
  }, []);
  if (lock === null) {
    return (
      <section class="lock-page" aria-label="Lock">
        <BackLink />
        <Empty title="This lock is not there">
          <p>
            It may have been released and not acquired again, or its process has ended. Nothing is known of{" "}
            <code>{plain(id)}</code>.
          </p>
        </Empty>
      </section>
    );
  }
  const { level } = chartView.value;
  const taken = arrow === null ? [] : scoped.filter((step) => arrowOf(level, step) === arrow);
  const picked =
    arrow === null
      ? null
      : { label: labelOf(arrow), steps: taken, many: heatScope.value === "process" || heatScope.value === "all" };
  return (
    <section class="lock-page" aria-label={`Lock ${shownName(lock)}`} data-lock={id}>
      <BackLink />
      <header class="lock-head">
        <h1 ref={title} tabIndex={-1}>
          {shownName(lock)}
        </h1>
        <StateLabel state={follower.lit.value.state} whole />
        {gone && <span class="badge warn">gone: this is how it was seen last</span>}
      </header>
      <dl class="facts">
        <Fact name="owner">
          <Owner source={lock.source} />
        </Fact>
        <Fact name="validity left">
          <Validity lock={lock} />
        </Fact>
        <Fact name="ttl">{lock.ttl === null ? "–" : formatDuration(lock.ttl)}</Fact>
        <Fact name="fence">{lock.fence ?? "–"}</Fact>
        <Fact name="retries">{retriesOf(lock)}</Fact>
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
    </section>
  );
}

/** An arrow's name for a heading. */
function labelOf(arrow: string): string {
  const found = overviewArrows.find(({ id }) => id === arrow);
  return found === undefined ? arrow.replace(">", " → ").replace(/^ /, "any state ") : found.label;
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function BackLink() {
  return (
    <a class="back" href={hashOf({ view: "locks" })}>
      ← All locks
    </a>
  );
}
