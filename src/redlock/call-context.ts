import { InvalidOptionError, isHoldfastError, QuorumUnavailableError } from "../errors.js";
import { checkResources } from "../lock/resources.js";
import type { HeldLocks } from "./held-locks.js";
import type { RedlockInstance } from "./interfaces.js";
import { type ClassicLock, type Lock, NodeRedlockLock } from "./lock.js";
import type { Operation } from "./operation.js";
import { retriesOf } from "./settings.js";
import type { Client, Settings } from "./types.js";

/** The context that the calls of all three packages share. */
export interface CallContext {
  readonly redlock: RedlockInstance;
  readonly heldLocks: HeldLocks;
  /** By node name. */
  readonly clients: ReadonlyMap<string, Client>;
}

/** Removes duplicates: a program may name the same account as sender and recipient. */
export const distinct = (resources: readonly string[]): readonly string[] =>
  resources.length === 1 ? resources : [...new Set(resources)];

/** The resources of a lock, or of a lock that another process serialised as plain data. */
export function resourcesOf(
  lock: Partial<Pick<Lock, "resource" | "resources">> & Pick<Lock, "value">,
): string[] {
  const given: unknown = lock?.resources ?? lock?.resource;
  const known = given !== undefined && typeof lock.value === "string";
  if (known) {
    const resources = (Array.isArray(given) ? given : [given]) as string[];
    checkResources(distinct(resources));
    return resources;
  }
  const allowed =
    "a lock, or { resource, value } of one (the value is left out of its JSON: send it by itself)";
  throw new InvalidOptionError("lock", lock === null ? null : typeof lock, allowed);
}

/**
 * Whether an error means that the lock is not held: contended, no quorum, or expired. Any other error is a mistake of
 * the caller.
 */
export const isRefusal = (error: unknown): error is Error =>
  isHoldfastError(error, "LOCK_CONTENDED") ||
  isHoldfastError(error, "QUORUM_UNAVAILABLE") ||
  isHoldfastError(error, "LEASE_EXPIRED");

/**
 * Extends a lock. Retries while there is no quorum and the lock has not expired. Resolves with the lock's end, in epoch
 * ms.
 */
export async function extendWithRetries(
  { heldLocks }: CallContext,
  lock: Lock | ClassicLock,
  ttl: number,
  settings: Settings,
  operation: Operation,
): Promise<number> {
  const { clock, random } = heldLocks.manager.context;
  const { driftFactor } = settings;
  const retry = retriesOf(settings, random);
  const resources = distinct(resourcesOf(lock));
  for (let attempt = 1; ; attempt++) {
    try {
      const { leaseState } = await heldLocks.renew(resources, lock.value, ttl, driftFactor, operation);
      return leaseState.validUntil;
    } catch (error) {
      const delay = isHoldfastError(error, "QUORUM_UNAVAILABLE") ? retry(attempt, "noQuorum") : false;
      if (delay === false || clock.wall() + delay >= lock.expiration) throw error;
      await heldLocks.manager.pause(delay);
    }
  }
}

/**
 * Marks a lock as over. Plain data may be frozen, so the assignment may fail; the nodes decide whether the lock is
 * held.
 */
export const invalidate = (lock: Lock | ClassicLock): void => {
  Reflect.set(lock, "expiration", 0);
};

/**
 * Whether a lock is over, by its `expiration`. For a lock of node-redlock the held lease decides instead: programs do
 * not change such a lock, and the lease may have been extended.
 */
export function isOver({ heldLocks }: CallContext, lock: Lock | ClassicLock): boolean {
  const held =
    lock instanceof NodeRedlockLock ? heldLocks.find(distinct(resourcesOf(lock)), lock.value) : null;
  if (held !== null && lock.expiration !== 0) return !held.lock.checkHeld(held.leaseState);
  const { expiration }: { expiration?: unknown } = lock;
  if (expiration !== undefined && typeof expiration !== "number") {
    throw new InvalidOptionError("lock.expiration", expiration, "a time in epoch ms");
  }
  return lock.expiration < heldLocks.manager.context.clock.wall();
}

/**
 * The error of a release that too few nodes answered, so that the lock may still be held; null if enough nodes
 * answered.
 */
export function unreachable(
  resources: readonly string[],
  { last }: Operation,
): QuorumUnavailableError | null {
  if (last?.verdict !== "noQuorum") return null;
  return new QuorumUnavailableError(resources, "release", 1, last.votes, last.votes.length);
}
