import type { Membership } from "../../engine/protocol/membership.js";
import { quorumOf } from "../../engine/protocol/quorum.js";
import type { Vote } from "../../engine/protocol/vote.js";

/** Whether a node denied a free key because the key is kept for a caller that has waited longer. */
export const isKept = (votes: readonly Vote[]): boolean =>
  votes.some((vote) => vote.kind === "denied" && vote.holder === null);

/**
 * Returns the ms until the keys are free on enough nodes for a quorum, according to the votes. A free key that is kept for
 * another caller counts as taken for `kept` ms. Infinity if that cannot be known.
 */
export const untilFree = (votes: readonly Vote[], membership: Membership, kept: number): number =>
  Math.max(...membership.votesBySet(votes).map((set) => untilSetFree(set.votes, set.nodes, kept))) ||
  Infinity;

/** The same for one set of nodes; 0 if the denials leave a quorum. */
function untilSetFree(votes: readonly Vote[], nodes: number, kept: number): number {
  const remaining = votes.flatMap((vote) =>
    vote.kind === "denied" ? [vote.holder === null ? kept : (vote.holder.ttlLeft ?? Infinity)] : [],
  );
  remaining.sort((one, other) => one - other);
  return remaining[remaining.length - (nodes - quorumOf(nodes)) - 1] ?? 0;
}

/** Whether a node has granted something. An acquisition of permits that fails nevertheless has lost a race for them. */
export const hasGrant = (votes: readonly Vote[]): boolean => votes.some(({ kind }) => kind === "granted");

/**
 * Whether the votes were split between several holders, none of which is known to have a quorum. This happens when
 * callers ask at the same time or while a release is on its way. Such holders soon release the keys without notifying
 * the waiters.
 */
export const isSplit = (votes: readonly Vote[], membership: Membership): boolean =>
  membership.votesBySet(votes).some((set) => isSetSplit(set.votes, set.nodes));

function isSetSplit(votes: readonly Vote[], nodes: number): boolean {
  const shares = new Map<string, number>();
  for (const vote of votes) {
    if (vote.kind === "failed") continue;
    const holder = vote.kind === "granted" ? "ours" : (vote.holder?.tokenHash ?? "nobody's");
    shares.set(holder, (shares.get(holder) ?? 0) + 1);
  }
  return shares.size > 1 && Math.max(...shares.values()) < quorumOf(nodes);
}
