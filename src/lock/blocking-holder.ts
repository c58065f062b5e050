import type { BlockingHolder, HeldHere } from "../engine/protocol/contention.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { FailedAttempt } from "./failed-attempt.js";
import type { LockInternals } from "./lock-internals.js";

/** Returns the lease of this manager that holds what the nodes denied, if there is one. */
export function heldHere(
  { keys, manager }: Pick<LockInternals, "keys" | "manager">,
  votes: readonly Vote[],
): HeldHere | undefined {
  const holders = votes.flatMap((vote) => (vote.kind === "denied" && vote.holder ? [vote.holder] : []));
  // A token that the user chose has no label.
  const own = holders.filter(({ owner }) => owner === null || owner === manager.owner);
  return manager.activeLocks.holderOf(holders.length === 0 ? keys : own.map(({ key }) => key));
}

/** Returns the holder that a failed attempt found, as of now. */
export function blockingHolder(
  { keys, resources, manager }: LockInternals,
  { holder, at, seenSince }: FailedAttempt,
): BlockingHolder | undefined {
  if (holder === undefined) return undefined;
  const { key, owner, ttlLeft } = holder;
  const now = Math.round(manager.clock.wall());
  const until = ttlLeft === null ? null : at + ttlLeft;
  const isOwn = owner === null || owner === manager.owner;
  const here = isOwn ? manager.activeLocks.holderOf([key]) : undefined;
  return {
    ...holder,
    ttlLeft: until === null ? null : Math.max(0, until - now),
    // The holder of a permit is reported with the name of the semaphore.
    resource: resources[Math.max(0, keys.indexOf(key))] ?? key,
    until,
    since: here && now - here.heldFor,
    seenSince,
  };
}
