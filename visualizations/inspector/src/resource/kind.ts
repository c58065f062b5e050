import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { isPermit, isShared } from "../../../../src/inspector/feed/lease-kind.js";

/** What a resource is locked with. */
export type Kind = "lock" | "shared" | "semaphore" | "election";

/** The kind of the resource that these locks lock. Locks of one resource differ in their mode only. */
export function kindOf(locks: readonly LockView[]): Kind {
  if (locks.some(isPermit)) return "semaphore";
  if (locks.some(({ terms }) => terms !== undefined)) return "election";
  return locks.some(isShared) ? "shared" : "lock";
}

/** How many permits a lock of a semaphore has, or asks for. */
export const weightOf = ({ weight = 1 }: LockView): number => weight;

export const sumOfWeights = (locks: readonly LockView[]): number =>
  locks.reduce((sum, lock) => sum + weightOf(lock), 0);

/** How many permits a semaphore has. Processes that give different numbers take up to the highest one. */
export const permitsOf = (locks: readonly LockView[]): number =>
  Math.max(0, ...locks.map(({ permits = 0 }) => permits));

/** Whether the lease waits until it is the only one, so that it becomes exclusive. */
export const isUpgrading = ({ state }: LockView): boolean => state.startsWith("upgrading");
