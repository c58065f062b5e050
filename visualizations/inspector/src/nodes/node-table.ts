import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";
import type { NodeView } from "../../../../src/inspector/feed/frames.js";
import { isSilent } from "../../../../src/inspector/feed/silence.js";

/**
 * How a process uses a node: a chart's state, or "unused": ready, but not asked while others of the process are; or "unknown":
 * the process is silent.
 */
export type NodeUse = NodeView["state"] | "unused" | "unknown";

/** The worst last. */
const uses: readonly NodeUse[] = [
  "unknown",
  "ready",
  "connecting",
  "unused",
  "suspect",
  "quarantined",
  "unresponsive",
  "down",
];

export const isTrouble = (use: NodeUse): boolean =>
  use !== "ready" && use !== "connecting" && use !== "unknown";

export function useOf(node: NodeView, all: readonly NodeView[]): NodeUse {
  const isUnused = node.state === "ready" && node.p50 === null && all.some(({ p50 }) => p50 !== null);
  return isUnused ? "unused" : node.state;
}

const worstOf = (some: Iterable<NodeUse>): NodeUse => {
  let worst = 0;
  for (const use of some) worst = Math.max(worst, uses.indexOf(use));
  return uses[worst] ?? "unknown";
};

export interface NodeColumn {
  readonly name: string;
  readonly worst: NodeUse;
  /** Processes that are heard and have this node, and those of them that do not use it. */
  readonly processes: number;
  readonly without: number;
}

/**
 * The nodes of all processes that have not closed, by name, in the order in which the processes name them. `now`: epoch ms by
 * the observer's clock.
 */
export function nodeColumns(sources: Iterable<SourceView>, now: number): readonly NodeColumn[] {
  const found = new Map<string, NodeUse[]>();
  for (const view of sources) {
    const { beat, closed } = view;
    if (closed) continue;
    const silent = isSilent(view, now);
    for (const node of beat.nodes) {
      const known = found.get(node.name) ?? [];
      found.set(node.name, known);
      if (!silent) known.push(useOf(node, beat.nodes));
    }
  }
  return [...found].map(([name, all]) => ({
    name,
    worst: worstOf(all),
    processes: all.length,
    without: all.filter((use) => isTrouble(use) && use !== "suspect").length,
  }));
}

/** "2 of 4 processes do not use it"; what a column's head says. */
export function columnSummary({ processes, without, worst }: NodeColumn): string {
  if (processes === 0) return "no process is heard";
  if (without === 0) return worst === "suspect" ? "suspect" : processes === 1 ? "in use" : "all use it";
  if (processes === 1) return "not in use";
  return `${without} of ${processes} processes ${without === 1 ? "does" : "do"} not use it`;
}
