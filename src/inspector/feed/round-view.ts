import type { Vote } from "../../engine/protocol/vote.js";
import type { LockMachineEvent } from "../../machines/lock-events.js";
import { clip, printable } from "../../support/redaction.js";
import type { RoundView, VoteView } from "./frames.js";

/** More nodes than that are not shown. */
const mostVotes = 100;
/** Characters. */
const longestName = 200;
const longestMessage = 200;

/** The round that an event tells the outcome of; null if it does not tell of one. */
export function roundOf(event: LockMachineEvent, from: string, time: number): RoundView | null {
  if (!("votes" in event) || event.votes === undefined || event.votes.length === 0) return null;
  const asked = from.startsWith("acquiring") ? "acquire" : event.type === "RELEASED" ? "release" : "renew";
  return { asked, time, votes: event.votes.slice(0, mostVotes).map(viewOf) };
}

function viewOf(vote: Vote): VoteView {
  const node = clip(vote.node, longestName);
  if (vote.kind === "granted") return { node, kind: "granted" };
  if (vote.kind === "failed") {
    return {
      node,
      kind: "failed",
      reason: vote.reason,
      message: clip(printable(vote.message), longestMessage),
    };
  }
  if (vote.holder === null) return { node, kind: "denied", holder: null };
  const { owner, tokenHash, ttlLeft } = vote.holder;
  // A node can be anybody's: what it says of a holder is cut as well.
  return {
    node,
    kind: "denied",
    holder: {
      owner: owner === null ? null : clip(owner, longestName),
      tokenHash: clip(tokenHash, 64),
      ttlLeft,
    },
  };
}
