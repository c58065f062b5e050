import { clip } from "../../support/redaction.js";
import type { SourceView } from "../feed/frame-aggregate.js";
import type { LockView, NodeView } from "../feed/frames.js";
import { observedTime } from "../feed/lag.js";
import { isSilent } from "../feed/silence.js";
import { maxNameLength, utcClock } from "./incident.js";
import { listed, NodeNames } from "./node-names.js";

/** Processes that reach too few nodes for a quorum, and the leases that they cannot renew. */
export interface QuorumRisk {
  /** The owner labels of these processes; null if no process reaches a quorum. */
  readonly owners: readonly string[] | null;
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

/**
 * Null while every process reaches a quorum of its nodes. `now`: epoch ms by the observer's clock; `heardAt`: the same, or when
 * the observer lost its own connection.
 */
export function quorumRiskOf({ sources, locks }: Known, now: number, heardAt = now): QuorumRisk | null {
  const nodes = new Set<string>();
  const atRisk = new Set<string>();
  const causes = new Set<string>();
  const owners: string[] = [];
  let since: number | null = null;
  let isCommon = true;
  for (const [source, view] of sources) {
    const { beat, closed, lag } = view;
    const lost = beat.nodes.filter(({ state }) => unusable.has(state));
    if (closed || lost.length === 0 || beat.nodes.length - lost.length > beat.nodes.length / 2) {
      // What a silent process has said last proves no quorum.
      if (!closed && !isSilent(view, heardAt)) isCommon = false;
      continue;
    }
    atRisk.add(source);
    owners.push(beat.owner);
    for (const { name, state, step } of lost) {
      nodes.add(name);
      causes.add(state === "quarantined" ? state : "down");
      if (step !== null) since = Math.max(since ?? Number.NEGATIVE_INFINITY, observedTime(step.time, lag));
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
  return {
    owners: isCommon ? null : owners,
    nodes: [...nodes],
    why: [...causes].sort().join(" or "),
    since,
    leases,
    left,
  };
}

/**
 * "No quorum: 7712 and 7713 down since 19:48:14 UTC; 201 leases run out within 4 s", or "worker-1 reaches no quorum: …" if
 * other processes reach one. Contains foreign text.
 */
export function riskSentence(
  { owners, nodes, why, since, leases, left }: QuorumRisk,
  all: readonly string[],
): string {
  const who =
    owners === null
      ? "No quorum"
      : `${listed(owners.map((owner) => clip(owner, maxNameLength)))} ${owners.length === 1 ? "reaches" : "reach"} no quorum`;
  const lost = `${who}: ${new NodeNames(all).list(nodes)} ${why}${since === null ? "" : ` since ${utcClock(since)}`}`;
  if (leases === 0) return `${lost}; no lease is left to run out`;
  const within = `${Math.ceil(left / 1_000)} s`;
  return `${lost}; ${leases === 1 ? "1 lease runs" : `${leases} leases run`} out within ${within}`;
}
