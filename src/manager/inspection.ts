import type { Inspection, NodeInspection } from "../api/types.js";
import type { Membership } from "../engine/protocol/membership.js";
import type { Holder } from "../engine/protocol/vote.js";
import type { NodeReport } from "../engine/quorum/node-inspector.js";
import type { NodeCondition } from "./node-health.js";

/**
 * Summarises the nodes' reports on one resource. The resource is held if a quorum reports the same holder; while the nodes
 * are being changed, the quorum of one set suffices, because it keeps out everybody else.
 */
export function summarise(
  resource: string,
  reports: readonly NodeReport[],
  membership: Membership,
  healthOf: (node: number) => NodeCondition,
  /** Epoch ms. */
  now: number,
): Inspection {
  const nodes = reports.map((report, index) => ({
    ...inspectionOf(report),
    ...conditionOf(healthOf(index)),
  }));
  const holders = nodes.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
  const agreed = membership.sets.flatMap(({ members, quorum }) => holderOf(members, quorum, nodes) ?? []);
  const holder = agreed.sort(byTtlLeft)[0] ?? null;
  // The nodes that failed may form a quorum for a holder, alone or together with nodes that reported the holder.
  const free = membership.sets.every(({ members, quorum }) =>
    [null, ...holders].every((holder) => supporters(members, holder, nodes) < quorum),
  );
  const inspection = { resource, held: holder !== null ? true : free ? false : null, holder, nodes };
  // The holder has released all keys, even those that have not received the release yet.
  const kept = holders.some((one) => one.kept && holder !== null && same(holder, one));
  return kept && holder?.ttlLeft != null ? { ...inspection, keptUntil: now + holder.ttlLeft } : inspection;
}

/** The reports on one of the keys that the nodes were asked about. */
export const reportsOn = (reports: readonly NodeReport[], index: number): NodeReport[] =>
  reports.map(({ node, reply }) =>
    reply.kind === "report"
      ? { node, reply: { ...reply, keys: reply.keys.slice(index, index + 1) } }
      : { node, reply },
  );

/** The holder that a quorum of these nodes reports, with the remaining ttl of the quorum; null if there is none. */
function holderOf(
  members: readonly number[],
  quorum: number,
  nodes: readonly NodeInspection[],
): Holder | null {
  const reported = members.flatMap((member) => nodes[member]?.holder ?? []);
  const agreed = reported.filter(
    (holder) => reported.filter((other) => same(holder, other)).length >= quorum,
  );
  return agreed.sort(byTtlLeft)[quorum - 1] ?? null;
}

/** The number of these nodes that reported the holder, or failed. */
const supporters = (members: readonly number[], holder: Holder | null, nodes: readonly NodeInspection[]) =>
  members.filter((member) => {
    const node = nodes[member];
    return node?.state === "failed" || (holder !== null && node?.holder && same(holder, node.holder));
  }).length;

/** Sorts holders by remaining ttl, longest first. The lease ends when a quorum of keys no longer exists. */
const byTtlLeft = (a: Holder, b: Holder): number =>
  (b.ttlLeft ?? Number.POSITIVE_INFINITY) - (a.ttlLeft ?? Number.POSITIVE_INFINITY);

const same = (a: Holder, b: Holder) => a.tokenHash === b.tokenHash && a.type === b.type;

function conditionOf({ state, cause, until }: NodeCondition): Pick<NodeInspection, "health" | "quarantine"> {
  if (state !== "quarantined") return { health: state };
  return { health: state, quarantine: { until, cause: cause ?? "it is new, or lost its memory" } };
}

function inspectionOf({ node, reply }: NodeReport): Omit<NodeInspection, "health" | "quarantine"> {
  if (reply.kind === "report") {
    const holder = reply.keys[0]?.holder;
    return holder ? { node, state: "held", holder } : { node, state: "free" };
  }
  return { node, state: "failed", error: reply.kind === "failed" ? reply.message : "unexpected reply" };
}
