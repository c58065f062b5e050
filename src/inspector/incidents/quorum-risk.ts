import type { SourceView } from "../feed/frame-aggregate.js";
import type { LockView, NodeView } from "../feed/frames.js";
import { utcClock } from "./incident.js";
import { NodeNames } from "./node-names.js";

/** Processes that reach too few nodes for a quorum, and the leases that they cannot renew. */
export interface QuorumRisk {
  /** The names of the nodes that they cannot use, and what these are: "down", "quarantined". */
  readonly nodes: readonly string[];
  readonly why: string;
  /** Epoch ms at which the last of these nodes was lost; null if nobody has seen that. */
  readonly since: number | null;
  /** Number of leases that are still valid, and ms until the last of them has run out. */
  readonly leases: number;
  readonly left: number;
}

interface Known {
  readonly sources: ReadonlyMap<string, SourceView>;
  readonly locks: ReadonlyMap<string, LockView>;
}

const unusable: ReadonlySet<NodeView["state"]> = new Set(["down", "unresponsive", "quarantined"]);

/** Null while every process reaches a quorum of its nodes. `now`: epoch ms by the observer's clock. */
export function quorumRiskOf({ sources, locks }: Known, now: number): QuorumRisk | null {
  const nodes = new Set<string>();
  const atRisk = new Set<string>();
  const causes = new Set<string>();
  let since: number | null = null;
  for (const [source, { beat, closed }] of sources) {
    const lost = beat.nodes.filter(({ state }) => unusable.has(state));
    if (closed || beat.nodes.length - lost.length > beat.nodes.length / 2 || lost.length === 0) continue;
    atRisk.add(source);
    for (const { name, state, step } of lost) {
      nodes.add(name);
      causes.add(state === "quarantined" ? state : "down");
      if (step !== null) since = Math.max(since ?? step.time, step.time);
    }
  }
  if (atRisk.size === 0) return null;
  let leases = 0;
  let left = 0;
  for (const { source, validUntil } of locks.values()) {
    if (validUntil === null || !atRisk.has(source)) continue;
    const remaining = validUntil - (now - (sources.get(source)?.lag ?? 0));
    if (remaining <= 0) continue;
    leases += 1;
    left = Math.max(left, remaining);
  }
  return { nodes: [...nodes], why: [...causes].sort().join(" or "), since, leases, left };
}

/** "7712 and 7713 down since 19:48:14 UTC; 201 leases run out within 4 s". Contains foreign text. */
export function riskSentence(
  { nodes, why, since, leases, left }: QuorumRisk,
  all: readonly string[],
): string {
  const lost = `No quorum: ${new NodeNames(all).list(nodes)} ${why}${since === null ? "" : ` since ${utcClock(since)}`}`;
  if (leases === 0) return `${lost}; no lease is left to run out`;
  const within = `${Math.ceil(left / 1_000)} s`;
  return `${lost}; ${leases === 1 ? "1 lease runs" : `${leases} leases run`} out within ${within}`;
}
