import type { Vote } from "../engine/protocol/vote.js";

/** A summary of the votes of a round, for logs and traces. */
export interface VoteSummary {
  readonly granted: number;
  readonly denied: number;
  /** The node and reason of each failed vote, such as "redis://10.0.0.1: timeout". */
  readonly failed: readonly string[];
}

export function voteSummaryOf(votes: readonly Vote[]): VoteSummary {
  let granted = 0;
  let denied = 0;
  const failed: string[] = [];
  for (const vote of votes) {
    if (vote.kind === "granted") granted += 1;
    else if (vote.kind === "denied") denied += 1;
    else failed.push(`${vote.node}: ${vote.reason}`);
  }
  return { granted, denied, failed };
}
