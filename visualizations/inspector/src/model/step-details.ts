import type { Step } from "../../../../src/inspector/feed/frames.js";
import { formatDuration } from "./duration.js";
import { topState } from "./states.js";
import { tallyOf } from "./votes.js";

const votedEvents: ReadonlySet<string> = new Set([
  "GRANTED",
  "DENIED",
  "NO_QUORUM",
  "TOO_SLOW",
  "RENEWED",
  "LOST",
]);
const extendingEvents: ReadonlySet<string> = new Set(["GRANTED", "RENEWED"]);

/** The notable details of a step, in few words. */
export function detailsOf({ event, to, time, lock }: Step): string {
  const details: string[] = [];
  if (to === "acquiring.asking") details.push(`attempt ${Math.max(1, lock.attempts)}`);
  if (votedEvents.has(event) && lock.round !== null) details.push(tallyOf(lock.round.votes));
  if (extendingEvents.has(event) && lock.validUntil !== null) {
    details.push(`valid for ${formatDuration(lock.validUntil - time)}`);
  }
  if (event === "GRANTED" && lock.fence !== null) details.push(`fence ${lock.fence}`);
  if (event === "RENEWED") details.push(`renewal ${lock.renewals}`);
  if ((topState(to) === "expired" || event === "NO_QUORUM") && lock.reason !== null)
    details.push(lock.reason);
  return details.filter((detail) => detail !== "").join(" · ");
}
