import { plain } from "../../../../src/cli/plain.js";
import type { NodeView } from "../../../../src/inspector/feed/frames.js";
import type { NodeActivity } from "../../../../src/inspector/feed/node-activity.js";
import { formatClock, formatLatency } from "../model/duration.js";
import { nodeStatus } from "../model/node-status.js";
import { hashOf } from "../model/route.js";
import { type NodeUse, useOf } from "./node-table.js";
import { Sparkline } from "./sparkline.js";
import { useNames } from "./use-names.js";

interface Props {
  readonly source: string;
  readonly node: NodeView;
  readonly all: readonly NodeView[];
  readonly activity: NodeActivity;
  /** Epoch ms by the clock of the process. */
  readonly now: number;
  /** Epoch ms of the last beat of a silent process, by the observer's clock; null if the process is heard. */
  readonly silentSince: number | null;
  readonly open: boolean;
}

export const wordsOf = (use: NodeUse, node: NodeView, now: number): string =>
  use === "quarantined" ? nodeStatus(node, now) : useNames[use];

/** The share of what a node was asked that it answered: "98 % answered"; null if it was asked nothing. */
export function answeredShare({ asked, answered }: NodeActivity): string | null {
  if (asked === 0) return null;
  const share = (answered / asked) * 100;
  return `${share < 99.5 && share > 0.5 ? share.toFixed(0) : answered === asked ? "100" : share.toFixed(1)} % answered`;
}

/** One node as one process sees it. */
export function NodeCell({ source, node, all, activity, now, silentSince, open }: Props) {
  const last = useOf(node, all);
  const use = silentSince === null ? last : "unknown";
  return (
    <a
      class="node-cell"
      href={hashOf(open ? { view: "nodes" } : { view: "nodes", source, node: node.name })}
      aria-current={open ? "true" : undefined}
      data-node-state={use}
      title={`${plain(node.name)}: ${useNames[use]}`}
    >
      <span class="node-state">
        <span class="dot" aria-hidden="true" />
        {silentSince !== null && "last known: "}
        {wordsOf(last, node, now)}
      </span>
      <Sparkline latencies={activity.latencies} />
      <span class="muted">
        {formatLatency(node.p50)} · p99 {formatLatency(node.p99)}
      </span>
      <span class="muted">
        {silentSince === null
          ? (answeredShare(activity) ?? "no vote seen yet")
          : `silent since ${formatClock(silentSince).slice(0, 8)}`}
        {activity.refused > 0 && `, ${activity.refused.toLocaleString("en")} refused`}
      </span>
    </a>
  );
}
