import type { LockView, RoundView, Step, VoteView } from "../../inspector/feed/frames.js";
import { isLeaseState } from "../../inspector/feed/lease-kind.js";
import { formatDuration } from "../duration.js";
import { plain } from "../plain.js";

/** Texts for locks and steps. Text from the network is made plain here. */

/** `a`, or `a, b and 8 more`. */
export function resourcesOf({ resources, more = 0 }: LockView, prefix: string): string {
  const names = resources.map((resource) => plain(prefix + resource)).join(", ");
  return more > 0 ? `${names} and ${more} more` : names;
}

/** `2 of 3, 1 failed (timeout)`. `nodes`: number of nodes that have a vote. */
function votesOf({ votes }: RoundView, nodes: number): string {
  const of = (kind: VoteView["kind"]) => votes.filter((vote) => vote.kind === kind);
  const reasons = [
    ...new Set(of("failed").flatMap(({ reason }) => (reason === undefined ? [] : [plain(reason)]))),
  ];
  const why = reasons.length > 0 ? ` (${reasons.join(", ")})` : "";
  const against = [
    ...(of("denied").length > 0 ? [`, ${of("denied").length} denied`] : []),
    ...(of("failed").length > 0 ? [`, ${of("failed").length} failed${why}`] : []),
  ];
  return `${of("granted").length} of ${Math.max(nodes, votes.length)}${against.join("")}`;
}

/**
 * `bob:12 for up to 3 s`: the holder with the longest remaining ttl among the votes; null if no vote names a holder.
 */
export function otherHolder({ round }: LockView): string | null {
  const holders =
    round?.votes.flatMap(({ holder }) => (holder === null || holder === undefined ? [] : [holder])) ?? [];
  const left = (ttlLeft: number | null) => ttlLeft ?? Number.POSITIVE_INFINITY;
  const [holder] = holders.sort((a, b) => left(b.ttlLeft) - left(a.ttlLeft));
  if (holder === undefined) return null;
  const who =
    holder.owner === null
      ? `a client without a label (token hash ${plain(holder.tokenHash)})`
      : plain(holder.owner);
  return holder.ttlLeft === null
    ? `${who}, without an expiry`
    : `${who} for up to ${formatDuration(holder.ttlLeft)}`;
}

/** Events of the steps whose votes are in the lock that follows them. */
const outcomes = new Set(["GRANTED", "DENIED", "NO_QUORUM", "TOO_SLOW", "RENEWED", "RELEASED", "LOST"]);

/** The notable details of a step: `valid 9.8 s, fence 7, votes 2 of 3`. `nodes`: number of nodes that have a vote. */
export function detailsOf({ event, time, to, lock }: Step, nodes: number): string[] {
  const details = stateDetails(lock, to, time);
  const holder = event === "DENIED" ? otherHolder(lock) : null;
  if (holder !== null) details.push(`held by ${holder}`);
  if (lock.round !== null && outcomes.has(event)) details.push(`votes ${votesOf(lock.round, nodes)}`);
  return details;
}

/** The details of a lock's state at `time`, by the clock of its process. */
export function stateDetails(
  { validUntil, fence, attempts, reason }: LockView,
  state: string,
  time: number,
): string[] {
  const holds = isLeaseState(state);
  return [
    ...(holds && validUntil !== null ? [`valid ${formatDuration(validUntil - time)}`] : []),
    ...(holds && fence !== null ? [`fence ${fence}`] : []),
    ...(attempts > 1 ? [`attempt ${attempts}`] : []),
    ...(reason === null ? [] : [plain(reason)]),
  ];
}
