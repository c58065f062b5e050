import type { ObservedLock } from "../../lock/observed-lock.js";
import type { LockMachineEvent } from "../../machines/lock-events.js";
import type { LockView } from "./frames.js";
import { roundOf } from "./round-view.js";

/** The fields of a view that never change. */
export type Identity = Pick<LockView, "id" | "source" | "resources" | "more">;

/** A step that a lock has just taken. */
export interface TakenStep {
  readonly event: LockMachineEvent;
  readonly from: string;
}

/**
 * A view of the lock's current state, read from the lock itself, so that the view is right even if earlier steps were
 * not reported. `last` is the row's previous view, which supplies what only a step tells (votes, why a lease ended).
 * `taken` is null if no step was observed.
 */
export function viewOf(
  lock: ObservedLock,
  identity: Identity,
  last: LockView | null,
  taken: TakenStep | null,
  now: number,
): LockView {
  const { context, leaseState, path, began } = lock;
  const { acquisition } = context;
  const same = last !== null && last.acquisition === acquisition ? last : null;
  const { id, source, resources, more } = identity;
  // Written out, because a spread takes ten times as long.
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
      taken === null
        ? reasonWithoutStep(lock, same)
        : (endReason(taken.event) ?? context.reason ?? abortReason(taken.event)),
    ttl: leaseState?.ttl ?? same?.ttl ?? null,
    validUntil: context.validUntil,
    fence: leaseState?.fence ?? same?.fence ?? null,
    round: (taken !== null ? roundOf(taken.event, taken.from, now) : null) ?? same?.round ?? null,
  };
  if (more !== undefined) view.more = more;
  if ((leaseState?.mode ?? lock.mode) === "shared") view.mode = "shared";
  if (lock.pool !== null) view.permits = lock.pool.number;
  const weight = lock.weight ?? same?.weight ?? 1;
  if (weight > 1) view.weight = weight;
  // The candidate counts its term after this step.
  if (lock.election !== null) view.terms = lock.election.terms + (taken?.event.type === "GRANTED" ? 1 : 0);
  return view;
}

/** Whether the view no longer matches the lock. */
export function isStale(view: LockView, lock: ObservedLock): boolean {
  const { context } = lock;
  return (
    view.acquisition !== context.acquisition ||
    view.state !== lock.path ||
    view.attempts !== context.attempt ||
    view.validUntil !== context.validUntil
  );
}

/** The nearest known instant to the beginning of a state whose beginning was not observed. */
function sinceOf(lock: ObservedLock, same: LockView | null, now: number): number {
  if (same !== null) return now;
  return lock.leaseState?.grant.at.wall ?? lock.began ?? now;
}

function grantedAt({ leaseState }: ObservedLock, taken: TakenStep | null, now: number): number | null {
  if (leaseState === null) return null;
  return taken?.event.type === "GRANTED" ? now : leaseState.grant.at.wall;
}

function reasonWithoutStep(lock: ObservedLock, same: LockView | null): string | null {
  return same !== null && same.state === lock.path ? same.reason : lock.context.reason;
}

/** Why the lease ended, if it did. A release needs no reason. */
function endReason(event: LockMachineEvent): string | null {
  if (event.type === "EXPIRED" || event.type === "LOST") return event.reason;
  return event.type === "HAND_OVER" ? "handedOver" : null;
}

/** Why an acquisition ended that no node had refused. */
function abortReason({ type }: LockMachineEvent): string | null {
  if (type === "ABORT") return "aborted";
  if (type === "TIMED_OUT") return "timedOut";
  return type === "REFUSED" ? "refused" : null;
}
