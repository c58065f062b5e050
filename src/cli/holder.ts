import { type BlockingHolder, describeTimes, reportedHolder } from "../engine/protocol/contention.js";
import type { Holder } from "../engine/protocol/vote.js";
import type { RetryingEvent } from "../lock/events.js";
import { formatDuration } from "./duration.js";

/** `worker-3:4711 for up to 8.2 s`, and how long it has been seen there, where that is known. */
export function describeHolder(holder: Holder | BlockingHolder | undefined | null): string {
  if (holder === undefined || holder === null) return "a holder that no node could name";
  if (holder.type !== "string") return describeOwner(holder);
  const times = `${describeOwner(holder)} ${timesOf(holder)}`;
  return holder.kept && !("seenSince" in holder) ? `${times} after its release` : times;
}

/** `held by worker-3:4711 for up to 8.2 s`, or `kept after its release by worker-3:4711, for up to 8.2 s`. */
export function describeHolding(holder: Holder | BlockingHolder | undefined | null): string {
  if (!holder?.kept) return `held by ${describeHolder(holder)}`;
  return `kept after its release by ${describeOwner(holder)}, ${timesOf(holder)}`;
}

function timesOf(holder: Holder | BlockingHolder): string {
  if ("seenSince" in holder) return describeTimes(holder);
  return holder.ttlLeft === null ? "without an expiry" : `for up to ${formatDuration(holder.ttlLeft)}`;
}

/** Tokens of other clients carry no label; the hash at least distinguishes two holders. */
export const describeOwner = ({ owner, tokenHash, type }: Holder): string =>
  type === "string"
    ? (owner ?? `a client without a label (token hash ${tokenHash})`)
    : `a key of type ${type}, which is not a lock`;

/** Why an attempt failed, in a few words: `held by worker-3:4711 for up to 8.2 s`. */
export function describeReason({ reason, votes }: Pick<RetryingEvent, "reason" | "votes">): string {
  if (reason === "contended") return describeHolding(reportedHolder(votes));
  return reason === "tooSlow" ? "the nodes answered too late" : "no quorum of nodes";
}
