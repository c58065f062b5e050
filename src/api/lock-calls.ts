import { isHoldfastError } from "../errors.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import type { Settings } from "../lock/settings.js";
import { abortReason, onAbort } from "../support/abort.js";
import { rejection } from "../support/caller-stack.js";
import { LockLease } from "./lock-lease.js";

/** The settings for a single attempt. */
const once = { retry: () => false, queued: false } satisfies Partial<Settings>;

export const acquireLease = (lock: Lock, settings: Settings): Promise<LockLease> =>
  lock.acquire(settings, (leaseState) => new LockLease(lock, leaseState));

const nullIfContended = (error: unknown) =>
  isHoldfastError(error, "LOCK_CONTENDED") ? null : rejection(error);

/** Makes a single attempt. Resolves to null only if the lock is taken. */
export function tryAcquireLease(lock: Lock, settings: Settings): Promise<LockLease | null> {
  const toLease = (leaseState: LeaseState) => new LockLease(lock, leaseState);
  return lock.acquire<LockLease | null>({ ...settings, ...once }, toLease, null, nullIfContended);
}

/** Acquires the lock, runs the job and releases the lease. */
export async function runUnderLease<T>(
  lock: Lock,
  settings: Settings,
  job: (lease: LockLease) => T | Promise<T>,
): Promise<T> {
  const leaseState = await lock.acquire(settings, (granted) => granted);
  const lease = new LockLease(lock, leaseState);
  const { signal } = settings;
  if (signal?.aborted) leaseState.abort(abortReason(signal));
  const unlisten = signal && onAbort(signal, (reason) => leaseState.abort(reason));
  // A listener of `acquired` may have blocked for longer than the lease lasts.
  lock.checkHeld(leaseState);
  try {
    const result = await job(lease);
    if (settings.rejectOnLoss && !lock.checkHeld(leaseState)) throwIfLost(leaseState, result);
    return result;
  } finally {
    unlisten?.();
    await lease.release();
  }
}

/** Throws if the lease was lost or taken back, and not ended by its holder. `result`: that of the job. */
function throwIfLost(leaseState: LeaseState, result: unknown): void {
  const { end, takenBack } = leaseState;
  if (end === null || (takenBack === null && (end === "released" || end === "handedOver"))) return;
  throw leaseState.overError(result);
}
