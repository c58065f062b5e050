import type { Vote } from "../engine/protocol/vote.js";

/** A summary of the votes of a round, for logs and traces. */
export interface VoteSummary {
  readonly granted: number;
  readonly denied: number;
  /** The node and reason of each failed vote, such as "redis://10.0.0.1: timeout". */
  readonly failed: readonly string[];
}

export function voteSummaryOf(votes: readonly Vote[]): VoteSummary {
  const count = (kind: Vote["kind"]) => votes.filter((vote) => vote.kind === kind).length;
  const failed = votes.flatMap((vote) => (vote.kind === "failed" ? [`${vote.node}: ${vote.reason}`] : []));
  return { granted: count("granted"), denied: count("denied"), failed };
}
