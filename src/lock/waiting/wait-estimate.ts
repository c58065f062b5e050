import type { Vote } from "../../engine/protocol/vote.js";
import { quorumOf } from "../../engine/quorum/decision.js";

/** Whether a node denied what is free there, because it is kept for somebody who has waited longer. */
export const isKept = (votes: readonly Vote[]): boolean =>
  votes.some((vote) => vote.kind === "denied" && vote.holder === null);

/** ms until enough of the nodes that denied are free again, by what they said. `kept`: how long is kept what they keep. */
export function untilFree(votes: readonly Vote[], nodes: number, kept: number): number {
  const lefts = votes.flatMap((vote) =>
    vote.kind === "denied" ? [vote.holder === null ? kept : (vote.holder.ttlLeft ?? Infinity)] : [],
  );
  lefts.sort((one, other) => one - other);
  return lefts[lefts.length - (nodes - quorumOf(nodes)) - 1] ?? Infinity;
}

/**
 * Whether the nodes were divided between several, none of whom is known to have a quorum: those who asked at the same
 * time, or while a release was on its way. They will give it back soon, and tell nobody.
 */
export function isSplit(votes: readonly Vote[], nodes: number): boolean {
  const shares = new Map<string, number>();
  for (const vote of votes) {
    if (vote.kind === "failed") continue;
    const whose = vote.kind === "granted" ? "ours" : (vote.holder?.tokenHash ?? "nobody's");
    shares.set(whose, (shares.get(whose) ?? 0) + 1);
  }
  return shares.size > 1 && Math.max(...shares.values()) < quorumOf(nodes);
}
