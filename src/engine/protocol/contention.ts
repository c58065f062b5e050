import { formatDuration } from "../../support/duration.js";
import { count, named } from "../../support/names.js";
import type { Holder, Vote } from "./vote.js";

/** A lease of the same manager that a wait is blocked by. */
export interface HeldHere {
  /** The acquisition that led to the lease. */
  readonly acquisition: string;
  /** ms since the grant. */
  readonly heldFor: number;
  /** Present if the lease is shared. Others may then share the resource with it. */
  readonly mode?: "shared";
}

/** The holder of a resource that an acquisition wanted, as of the end of the acquisition. */
export interface BlockingHolder extends Holder {
  /** The resource that is held: of several, the one that was denied. */
  readonly resource: string;
  /** Epoch ms at which the key expires unless the holder renews or releases it; null if it never expires. */
  readonly until: number | null;
  /** Epoch ms of the grant. Known only of a lease of the same manager; undefined for any other holder. */
  readonly since: number | undefined;
  /** Epoch ms of the first attempt in a row that found this holder. The holder has held the resource at least since then. */
  readonly seenSince: number;
}

/** Whether two reports are about the same lease. */
export const sameHolder = (a: Holder, b: Holder): boolean => a.key === b.key && a.tokenHash === b.tokenHash;

/**
 * The holder that most nodes reported, and of its reports the one with the longest remaining ttl; undefined if no node
 * reported a holder. A few nodes may still have the key of a failed attempt.
 */
export function reportedHolder(votes: readonly Vote[]): Holder | undefined {
  const holders = votes.flatMap((vote) => (vote.kind === "denied" && vote.holder ? [vote.holder] : []));
  const reports = (holder: Holder) => holders.filter((other) => sameHolder(holder, other)).length;
  const ttlLeft = (holder: Holder) => holder.ttlLeft ?? Number.POSITIVE_INFINITY;
  const isBefore = (a: Holder, b: Holder) =>
    reports(a) === reports(b) ? ttlLeft(a) > ttlLeft(b) : reports(a) > reports(b);
  let found: Holder | undefined;
  for (const holder of holders) if (found === undefined || isBefore(holder, found)) found = holder;
  return found;
}

/** A holder that was first seen less than this many ms ago is not said to have been seen. */
const minSeen = 1_000;

/** `for up to 8.2 s (and for at least 3 s already)`. */
export function describeTimes({ ttlLeft, until, since, seenSince }: BlockingHolder): string {
  if (ttlLeft === null || until === null) return "without an expiry";
  const left = `for up to ${formatDuration(ttlLeft)}`;
  // `ttlLeft` and `until` are about the same instant.
  const seen = until - ttlLeft - (since ?? seenSince);
  const atLeast = since === undefined ? "at least " : "";
  return seen < minSeen ? left : `${left} (and for ${atLeast}${formatDuration(seen)} already)`;
}

function describe(holder: BlockingHolder | undefined): string {
  if (holder === undefined) return "somebody, or kept for somebody who has waited longer";
  if (holder.mode === "shared") return `one or more shared leases, ${describeTimes(holder)}`;
  const who = holder.owner === null ? `a foreign client (token hash ${holder.tokenHash})` : holder.owner;
  if (holder.type !== "string") return `a key of type ${holder.type}, which is not a lock`;
  const times = `${describeTimes(holder)}${holder.kept ? " after its release (holdAtLeast)" : ""}`;
  return holder.ttlLeft === null ? `${who}, ${times}` : `${who} ${times}`;
}

/** What an acquisition wanted of a semaphore. */
export interface WantedPermits {
  readonly weight: number;
  /** The number of permits that the semaphore has. */
  readonly permits: number;
}

/** The beginning of the message about a semaphore. `who` holds the permit that is free first. */
const permitsTaken = (
  resources: readonly string[],
  { weight, permits }: WantedPermits,
  who: string,
): string =>
  `of the ${count(permits, "permit")} of ${named(resources)}, ${weight === 1 ? "none is" : `fewer than ${weight} are`} ` +
  `free: one is held by ${who}`;

/** Says who holds the resources, and what to do. `attempts`: how many were made. */
export function contentionMessage(
  resources: readonly string[],
  attempts: number,
  holder: BlockingHolder | undefined,
  heldHere: HeldHere | undefined,
  wanted?: WantedPermits,
): string {
  const which =
    resources.length > 1 && holder !== undefined ? ` (the resource ${named([holder.resource])})` : "";
  const here =
    heldHere &&
    `this process${heldHere.mode === "shared" ? " (shared)" : ""}, acquisition ${heldHere.acquisition}, for ${formatDuration(heldHere.heldFor)}`;
  const who = `${here ?? describe(holder)}${which}`;
  const isKnown = here !== undefined || holder !== undefined;
  const why =
    attempts === 0
      ? `is wanted by others in this process, who came before${isKnown ? `, and is held by ${who}` : ""}; gave up before the first attempt.`
      : `is held by ${who}; gave up after ${count(attempts, "attempt")}.`;
  if (wanted !== undefined && attempts > 0)
    return `${permitsTaken(resources, wanted, who)}; gave up after ${count(attempts, "attempt")}. ${adviceFor(holder, undefined)}`;
  return `${named(resources)} ${why} ${adviceFor(holder, heldHere)}`;
}

function adviceFor(holder: Holder | undefined, heldHere: HeldHere | undefined): string {
  if (heldHere !== undefined)
    return (
      "A lock is not reentrant: code that runs under the lease must not acquire the resource again. " +
      (heldHere.mode === "shared" ? "To write under a shared lease, use its upgrade(). " : "") +
      "If this is other code, wait longer (wait, retry) or try again later."
    );
  return holder === undefined || (holder.type === "string" && holder.ttlLeft !== null)
    ? "Wait longer (wait, retry) or try again later."
    : "Waiting will not help: look at that key.";
}
