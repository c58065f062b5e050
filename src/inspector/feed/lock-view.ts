import type { ObservedLock } from "../../lock/observed-lock.js";
import type { LockMachineEvent } from "../../machines/lock-events.js";
import type { LockView } from "./frames.js";
import { roundOf } from "./round-view.js";

/** What of a view never changes. */
export type Identity = Pick<LockView, "id" | "source" | "resources" | "more">;

/** A step that a lock has just taken. */
export interface Taken {
  readonly event: LockMachineEvent;
  readonly from: string;
}

/**
 * A lock as it is, read off the lock itself, so that it is right whatever was not told before. `last`: how its row looked
 * before; what only a step tells (votes, why a lease ended) is kept from it. `taken`: null where a step was not heard of.
 */
export function viewOf(
  lock: ObservedLock,
  identity: Identity,
  last: LockView | null,
  taken: Taken | null,
  now: number,
): LockView {
  const { context, leaseState, path, began } = lock;
  const { acquisition } = context;
  const same = last !== null && last.acquisition === acquisition ? last : null;
  const { id, source, resources, more } = identity;
  // Written out: with a spread it would take ten times as long.
  const view: LockView = {
    id,
    source,
    resources,
    state: path,
    since: taken !== null ? now : same?.state === path ? same.since : sinceOf(lock, same, now),
    acquisition,
    began: same?.began ?? began ?? (acquisition === null ? null : now),
    granted: same?.granted ?? grantedAt(lock, taken, now),
    attempts: context.attempt,
    renewals: leaseState?.renewals ?? same?.renewals ?? 0,
    reason:
      taken === null ? reasonUntold(lock, same) : (endOf(taken.event) ?? context.reason ?? cut(taken.event)),
    ttl: leaseState?.ttl ?? same?.ttl ?? null,
    validUntil: context.validUntil,
    fence: leaseState?.grant.fence ?? same?.fence ?? null,
    round: (taken !== null ? roundOf(taken.event, taken.from, now) : null) ?? same?.round ?? null,
  };
  if (more !== undefined) view.more = more;
  return view;
}

/** Whether a row that looks so says of a lock what is no longer so. */
export function isStale(view: LockView, lock: ObservedLock): boolean {
  const { context } = lock;
  return (
    view.acquisition !== context.acquisition ||
    view.state !== lock.path ||
    view.attempts !== context.attempt ||
    view.validUntil !== context.validUntil
  );
}

/** Of a state whose beginning was not told: the nearest instant that is known. */
function sinceOf(lock: ObservedLock, same: LockView | null, now: number): number {
  if (same !== null) return now;
  return lock.leaseState?.grant.at.wall ?? lock.began ?? now;
}

function grantedAt({ leaseState }: ObservedLock, taken: Taken | null, now: number): number | null {
  if (leaseState === null) return null;
  return taken?.event.type === "GRANTED" ? now : leaseState.grant.at.wall;
}

function reasonUntold(lock: ObservedLock, same: LockView | null): string | null {
  return same !== null && same.state === lock.path ? same.reason : lock.context.reason;
}

/** Why the lease ended, if it did. A release needs no reason. */
function endOf(event: LockMachineEvent): string | null {
  if (event.type === "EXPIRED" || event.type === "LOST") return event.reason;
  return event.type === "HAND_OVER" ? "handedOver" : null;
}

/** Why an acquisition ended that no node had refused. */
function cut({ type }: LockMachineEvent): string | null {
  if (type === "ABORT") return "aborted";
  if (type === "TIMED_OUT") return "timedOut";
  return type === "REFUSED" ? "refused" : null;
}
