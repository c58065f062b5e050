import type { Holder, Vote } from "../engine/protocol/vote.js";
import { formatDuration } from "./duration.js";

/** `worker-3:4711 for up to 8.2 s`. */
export function describeHolder(holder: Holder | undefined | null): string {
  if (holder === undefined || holder === null) return "a holder that no node could name";
  if (holder.type !== "string") return `a key of type ${holder.type}, which is not a lock`;
  const left = holder.ttlLeft === null ? "without an expiry" : `for up to ${formatDuration(holder.ttlLeft)}`;
  if (holder.kept) return `${describeOwner(holder)} ${left} after its release`;
  return `${describeOwner(holder)} ${left}`;
}

/** Tokens of other clients carry no label; the hash at least distinguishes two holders. */
export const describeOwner = ({ owner, tokenHash }: Holder): string =>
  owner ?? `a client without a label (token hash ${tokenHash})`;

export function longestHolder(votes: readonly Vote[]): Holder | undefined {
  return votes
    .flatMap((vote) => (vote.kind === "denied" && vote.holder !== null ? [vote.holder] : []))
    .sort((a, b) => (b.ttlLeft ?? Number.POSITIVE_INFINITY) - (a.ttlLeft ?? Number.POSITIVE_INFINITY))[0];
}
