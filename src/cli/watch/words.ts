import type { LockView, RoundView, Step, VoteView } from "../../inspector/feed/frames.js";
import { formatDuration } from "../duration.js";
import { plain } from "../plain.js";

/** How what is told of locks reads. Whatever comes from the network is made plain here. */

/** `a`, or `a, b and 8 more`. */
export function resourcesOf({ resources, more = 0 }: LockView, prefix: string): string {
  const names = resources.map((resource) => plain(prefix + resource)).join(", ");
  return more > 0 ? `${names} and ${more} more` : names;
}

/** `2 of 3, 1 failed (timeout)`. `nodes`: how many have a vote. */
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

/** `bob:12 for up to 3 s`, as the node told it that keeps it for longest; null where no vote names somebody. */
export function otherHolder({ round }: LockView): string | null {
  const holders =
    round?.votes.flatMap(({ holder }) => (holder === null || holder === undefined ? [] : [holder])) ?? [];
  const left = (ttlLeft: number | null) => ttlLeft ?? Number.POSITIVE_INFINITY;
  const [longest] = holders.sort((a, b) => left(b.ttlLeft) - left(a.ttlLeft));
  if (longest === undefined) return null;
  const who =
    longest.owner === null
      ? `a client without a label (token hash ${plain(longest.tokenHash)})`
      : plain(longest.owner);
  return longest.ttlLeft === null
    ? `${who}, without an expiry`
    : `${who} for up to ${formatDuration(longest.ttlLeft)}`;
}

/** Steps whose votes are told in the lock that follows them. */
const outcomes = new Set(["GRANTED", "DENIED", "NO_QUORUM", "TOO_SLOW", "RENEWED", "RELEASED", "LOST"]);

/** What is worth saying of a step: `valid 9.8 s, fence 7, votes 2 of 3`. `nodes`: how many have a vote. */
export function detailsOf({ event, time, to, lock }: Step, nodes: number): string[] {
  const details = stateDetails(lock, to, time);
  const holder = event === "DENIED" ? otherHolder(lock) : null;
  if (holder !== null) details.push(`held by ${holder}`);
  if (lock.round !== null && outcomes.has(event)) details.push(`votes ${votesOf(lock.round, nodes)}`);
  return details;
}

/** The same of a lock as it is, at `time` by the clock of its process. */
export function stateDetails(
  { validUntil, fence, attempts, reason }: LockView,
  state: string,
  time: number,
): string[] {
  const holds = /^(held|renewing)/.test(state);
  return [
    ...(holds && validUntil !== null ? [`valid ${formatDuration(validUntil - time)}`] : []),
    ...(holds && fence !== null ? [`fence ${fence}`] : []),
    ...(attempts > 1 ? [`attempt ${attempts}`] : []),
    ...(reason === null ? [] : [plain(reason)]),
  ];
}
