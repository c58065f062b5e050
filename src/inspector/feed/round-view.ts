import type { Vote } from "../../engine/protocol/vote.js";
import type { LockMachineEvent } from "../../machines/lock-events.js";
import { clip, printable } from "../../support/redaction.js";
import type { RoundView, VoteView } from "./frames.js";

/** Maximum number of votes shown. */
const maxVotes = 100;
/** Maximum lengths in characters. */
const maxNameLength = 200;
const maxMessageLength = 200;

/** The round whose outcome the event reports; null for an event without a round. */
export function roundOf(event: LockMachineEvent, from: string, time: number): RoundView | null {
  if (!("votes" in event) || event.votes === undefined || event.votes.length === 0) return null;
  const asked = from.startsWith("acquiring") ? "acquire" : event.type === "RELEASED" ? "release" : "renew";
  return { asked, time, votes: event.votes.slice(0, maxVotes).map(viewOf) };
}

function viewOf(vote: Vote): VoteView {
  const node = clip(vote.node, maxNameLength);
  if (vote.kind === "granted") return { node, kind: "granted" };
  if (vote.kind === "failed") {
    return {
      node,
      kind: "failed",
      reason: vote.reason,
      message: clip(printable(vote.message), maxMessageLength),
    };
  }
  if (vote.holder === null) return { node, kind: "denied", holder: null };
  const { owner, tokenHash, ttlLeft } = vote.holder;
  // A node may be hostile: what it says about a holder is clipped as well.
  return {
    node,
    kind: "denied",
    holder: {
      owner: owner === null ? null : clip(owner, maxNameLength),
      tokenHash: clip(tokenHash, 64),
      ttlLeft,
    },
  };
}
