import type { NodeReport } from "../engine/engine.js";
import { quorumOf } from "../engine/quorum.js";
import type { Holder } from "../engine/vote.js";
import type { Inspection, NodeInspection } from "./types.js";

/** What the nodes' reports on one resource add up to: it is held when a quorum names the same holder. */
export function summarise(resource: string, reports: readonly NodeReport[]): Inspection {
  const nodes = reports.map(inspectionOf);
  const holders = nodes.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
  const quorum = quorumOf(nodes.length);
  const agreed = holders.filter((holder) => holders.filter((other) => same(holder, other)).length >= quorum);
  // The lease ends when a quorum is lost, which is when the longest-lived minority and one more are left.
  const byTtl = agreed.sort((a, b) => (b.ttlLeft ?? Infinity) - (a.ttlLeft ?? Infinity));
  return { resource, held: byTtl.length > 0, holder: byTtl[quorum - 1] ?? null, nodes };
}

const same = (a: Holder, b: Holder) => a.tokenHash === b.tokenHash && a.type === b.type;

function inspectionOf({ node, reply }: NodeReport): NodeInspection {
  if (reply.kind === "report") {
    const holder = reply.keys[0]?.holder;
    return holder ? { node, state: "held", holder } : { node, state: "free" };
  }
  return { node, state: "failed", error: reply.kind === "failed" ? reply.message : "unexpected reply" };
}
