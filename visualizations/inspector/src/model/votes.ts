import { plain } from "../../../../src/cli/plain.js";
import type { LockView, RoundView, VoteView } from "../../../../src/inspector/feed/frames.js";
import { formatDuration } from "./duration.js";

export interface NodeVote {
  readonly node: string;
  /** "none": the node had not answered when the verdict was clear, or was not asked. */
  readonly kind: VoteView["kind"] | "none";
  /** Why the vote failed, or who holds the key on the node. */
  readonly detail: string;
}

function detailOf(vote: VoteView, asked: RoundView["asked"]): string {
  switch (vote.kind) {
    case "granted":
      return "";
    case "failed":
      return plain([vote.reason, vote.message].filter(Boolean).join(": "));
    case "denied": {
      if (vote.holder === undefined) return "held by somebody";
      if (vote.holder === null) {
        // A node that keeps a free key for somebody who has waited longer denies too.
        return asked === "acquire"
          ? "free, but kept for whoever has waited longer"
          : "key gone: deleted, evicted, or its node restarted";
      }
      const { owner, tokenHash, ttlLeft } = vote.holder;
      const left = ttlLeft === null ? "" : `, ${formatDuration(ttlLeft)} left`;
      return `held by ${plain(owner ?? "an unknown owner")} #${plain(tokenHash)}${left}`;
    }
  }
}

/** Each node's vote in the latest round. `nodes`: the names in display order. */
export function votesByNode(round: LockView["round"], nodes: readonly string[]): readonly NodeVote[] {
  const votes = new Map((round?.votes ?? []).map((vote) => [vote.node, vote]));
  const names = [...new Set([...nodes, ...votes.keys()])];
  return names.map((node) => {
    const vote = votes.get(node);
    return vote === undefined
      ? { node, kind: "none", detail: "" }
      : { node, kind: vote.kind, detail: detailOf(vote, round?.asked ?? "acquire") };
  });
}

/** "3 granted, 1 denied, 1 failed"; kinds without votes are left out. */
export function tallyOf(votes: readonly Pick<VoteView, "kind">[]): string {
  const kinds = ["granted", "denied", "failed"] as const;
  return kinds
    .map((kind) => ({ kind, many: votes.filter((vote) => vote.kind === kind).length }))
    .filter(({ many }) => many > 0)
    .map(({ kind, many }) => `${many} ${kind}`)
    .join(", ");
}
