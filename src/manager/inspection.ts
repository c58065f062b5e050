import type { Inspection, NodeInspection } from "../api/types.js";
import { quorumOf } from "../engine/protocol/quorum.js";
import type { Holder } from "../engine/protocol/vote.js";
import type { NodeReport } from "../engine/quorum/node-inspector.js";
import type { NodeCondition } from "./node-health.js";

/** Summarises the nodes' reports on one resource. The resource is held if a quorum reports the same holder. */
export function summarise(
  resource: string,
  reports: readonly NodeReport[],
  healthOf: (node: number) => NodeCondition,
  /** Epoch ms. */
  now: number,
): Inspection {
  const nodes = reports.map((report, index) => ({
    ...inspectionOf(report),
    ...conditionOf(healthOf(index)),
  }));
  const holders = nodes.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
  const failures = nodes.filter(({ state }) => state === "failed").length;
  const quorum = quorumOf(nodes.length);
  const reportsOf = (holder: Holder) => holders.filter((other) => same(holder, other)).length;
  const agreed = holders.filter((holder) => reportsOf(holder) >= quorum);
  const holder = agreed.sort(byTtlLeft)[quorum - 1] ?? null;
  // The nodes that failed may form a quorum for a holder, alone or together with nodes that reported the holder.
  const maxReports = Math.max(0, ...holders.map(reportsOf));
  const free = maxReports + failures < quorum;
  const inspection = { resource, held: holder !== null ? true : free ? false : null, holder, nodes };
  // The holder has released all keys, even those that have not received the release yet.
  const kept = holder !== null && agreed.some((one) => one.kept && same(holder, one));
  return kept && holder.ttlLeft !== null ? { ...inspection, keptUntil: now + holder.ttlLeft } : inspection;
}

/** Sorts holders by remaining ttl, longest first. The lease ends when a quorum of keys no longer exists. */
const byTtlLeft = (a: Holder, b: Holder): number =>
  (b.ttlLeft ?? Number.POSITIVE_INFINITY) - (a.ttlLeft ?? Number.POSITIVE_INFINITY);

const same = (a: Holder, b: Holder) => a.tokenHash === b.tokenHash && a.type === b.type;

function conditionOf({ state, cause, until }: NodeCondition): Pick<NodeInspection, "health" | "quarantine"> {
  if (state !== "quarantined") return { health: state };
  return { health: state, quarantine: { until, cause: cause ?? "it lost its memory" } };
}

function inspectionOf({ node, reply }: NodeReport): Omit<NodeInspection, "health" | "quarantine"> {
  if (reply.kind === "report") {
    const holder = reply.keys[0]?.holder;
    return holder ? { node, state: "held", holder } : { node, state: "free" };
  }
  return { node, state: "failed", error: reply.kind === "failed" ? reply.message : "unexpected reply" };
}
