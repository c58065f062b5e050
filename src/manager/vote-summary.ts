import type { Vote } from "../engine/protocol/vote.js";

/** A round of votes in short, for logs and traces. */
export interface VoteSummary {
  readonly granted: number;
  readonly denied: number;
  /** Node and reason of each that failed: "redis://10.0.0.1: timeout". */
  readonly failed: readonly string[];
}

export function voteSummaryOf(votes: readonly Vote[]): VoteSummary {
  const count = (kind: Vote["kind"]) => votes.filter((vote) => vote.kind === kind).length;
  const failed = votes.flatMap((vote) => (vote.kind === "failed" ? [`${vote.node}: ${vote.reason}`] : []));
  return { granted: count("granted"), denied: count("denied"), failed };
}
