import { type BlockingHolder, describeTimes, reportedHolder } from "../engine/protocol/contention.js";
import type { Holder } from "../engine/protocol/vote.js";
import type { RetryingEvent } from "../lock/events.js";
import { formatDuration } from "./duration.js";

/** `worker-3:4711 for up to 8.2 s`, and how long it has been seen there, where that is known. */
export function describeHolder(holder: Holder | BlockingHolder | undefined | null): string {
  if (holder === undefined || holder === null) return "a holder that no node could name";
  if (holder.type !== "string") return describeOwner(holder);
  if ("seenSince" in holder) return `${describeOwner(holder)} ${describeTimes(holder)}`;
  const left = holder.ttlLeft === null ? "without an expiry" : `for up to ${formatDuration(holder.ttlLeft)}`;
  if (holder.kept) return `${describeOwner(holder)} ${left} after its release`;
  return `${describeOwner(holder)} ${left}`;
}

/** Tokens of other clients carry no label; the hash at least distinguishes two holders. */
export const describeOwner = ({ owner, tokenHash, type }: Holder): string =>
  type === "string"
    ? (owner ?? `a client without a label (token hash ${tokenHash})`)
    : `a key of type ${type}, which is not a lock`;

/** Why an attempt failed, in a few words: `held by worker-3:4711 for up to 8.2 s`. */
export function describeReason({ reason, votes }: Pick<RetryingEvent, "reason" | "votes">): string {
  if (reason === "contended") return `held by ${describeHolder(reportedHolder(votes))}`;
  return reason === "tooSlow" ? "the nodes answered too late" : "no quorum of nodes";
}
