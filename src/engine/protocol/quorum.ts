import type { Vote } from "./vote.js";

/** How many of `nodes` must agree. */
export const quorumOf = (nodes: number): number => Math.floor(nodes / 2) + 1;

/** Whether a later round can reach a quorum, unless somebody removes the cause of a failure that does not end by itself. */
export function canReachQuorum(votes: readonly Vote[], nodes: number): boolean {
  const lost = votes.filter((vote) => vote.kind === "failed" && vote.lasting === true).length;
  return nodes - lost >= quorumOf(nodes);
}
