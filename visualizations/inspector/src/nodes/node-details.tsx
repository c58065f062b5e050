import { useLayoutEffect, useRef } from "preact/hooks";
import { plain } from "../../../../src/cli/plain.js";
import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";
import { isSilent } from "../../../../src/inspector/feed/silence.js";
import { useInspector } from "../context.js";
import { formatClock, formatDuration, formatLatency } from "../model/duration.js";
import { answeredShare, wordsOf } from "./node-cell.js";
import { NodeChart } from "./node-chart.js";
import { useOf } from "./node-table.js";

/** One node as one process sees it, in detail: its chart, why and since when it is as it is, and its last steps. */
export function NodeDetails({ view, name }: { readonly view: SourceView; readonly name: string }) {
  const inspector = useInspector();
  const section = useRef<HTMLElement>(null);
  // Below the table of many processes it would be out of view.
  useLayoutEffect(() => section.current?.scrollIntoView({ block: "nearest" }), []);
  const { beat } = view;
  const node = beat.nodes.find((one) => one.name === name);
  if (node === undefined) {
    return <p class="muted">This process has no node {plain(name)}.</p>;
  }
  const now = inspector.sourceNow(beat.source);
  const activity = inspector.aggregate.value.current.nodeActivities.of(beat.source, name);
  const use = useOf(node, beat.nodes);
  return (
    <section ref={section} class="panel node-details" aria-labelledby="node-title" data-node-state={use}>
      <h2 id="node-title">
        {plain(name)} as {plain(beat.owner)} <span class="muted">{beat.pid}</span> sees it
      </h2>
      <dl class="facts">
        <div>
          <dt>state</dt>
          <dd class="node-state">
            <span class="dot" aria-hidden="true" />
            {wordsOf(use, node, now)}
          </dd>
        </div>
        {isSilent(view, inspector.heardAt.value) && (
          <div>
            <dt>last known</dt>
            <dd>the process is silent since {formatClock(view.receivedAt).slice(0, 8)}</dd>
          </div>
        )}
        <div>
          <dt>since</dt>
          <dd>
            {node.step === null
              ? "the beginning"
              : `${formatClock(node.step.time).slice(0, 8)}, ${formatDuration(now - node.step.time)} ago`}
          </dd>
        </div>
        <div>
          <dt>latency p50</dt>
          <dd>{formatLatency(node.p50)}</dd>
        </div>
        <div>
          <dt>p99</dt>
          <dd>{formatLatency(node.p99)}</dd>
        </div>
        <div>
          <dt>asked</dt>
          <dd>
            {activity.asked.toLocaleString("en")} times, {answeredShare(activity) ?? "nothing seen yet"}
          </dd>
        </div>
        <div>
          <dt>refused</dt>
          <dd>{activity.refused.toLocaleString("en")}</dd>
        </div>
      </dl>
      <p class="cause">
        {node.cause === null
          ? use === "unused"
            ? "It is ready, but this process has asked it nothing within the last seconds, while it asks others."
            : "No cause is reported."
          : plain(node.cause)}
      </p>
      <div class="node-columns">
        <NodeChart state={node.state} moved={node.step} label={`The node's chart; it is ${node.state}`} />
        <div>
          <h3>Last steps</h3>
          {activity.steps.length === 0 ? (
            <p class="muted">No step of this node has been observed yet.</p>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard
            <ol class="events" reversed tabIndex={0} aria-label="Last steps of the node">
              {[...activity.steps].reverse().map((step) => (
                <li key={`${step.time} ${step.event} ${step.to}`}>
                  <time>{formatClock(step.time)}</time>
                  <code>{plain(step.event)}</code>
                  <span class="event-way">
                    <span class="muted">{plain(step.from)} → </span>
                    {plain(step.to)}
                  </span>
                </li>
              ))}
            </ol>
          )}
        </div>
      </div>
    </section>
  );
}
