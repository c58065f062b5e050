import type { LockMode } from "../engine/protocol/token.js";
import type { Clock } from "../engine/time/clock.js";
import type { LockContext } from "../machines/lock-context.js";
import type { FailureEvent, LockMachineEvent } from "../machines/lock-events.js";
import type { LockState } from "../machines/lock-state.js";

/** A held lease as observers see it. */
interface ObservedLease {
  /** The number of renewals so far. */
  readonly renewals: number;
  /** The ttl, in ms, of the last round that a quorum granted. */
  readonly ttl: number;
  readonly grant: {
    /** The time just before the first request of the round that granted the lease. */
    readonly at: { readonly monotonic: number; readonly wall: number };
    readonly ttl: number;
    readonly fence: number | undefined;
  };
  readonly mode: LockMode;
  readonly fence: number | undefined;
  /** ms of validity left. */
  left(): number;
}

/** A read-only view of a lock for observers. */
export interface ObservedLock {
  readonly resources: readonly string[];
  /** The mode that was asked for. That of a lease may have changed since. */
  readonly mode: LockMode;
  /** The semaphore whose permits the lock takes; null for a lock of resources. */
  readonly pool: { readonly number: number } | null;
  /** How many permits the lock has, or asks for; null if it is idle, or no lock of a semaphore. */
  readonly weight: number | null;
  /** The candidate that campaigns with the lock; null for a lock of no election. */
  readonly election: { readonly terms: number } | null;
  readonly manager: { readonly clock: Clock; readonly owner: string; readonly group: string | null };
  readonly state: LockState;
  /** The state with its substate, such as "acquiring.asking". */
  readonly path: string;
  /** The context of the lock's chart. */
  readonly context: LockContext;
  /** Epoch ms at which the current acquisition, or the acquisition of the held lease, began. Null if there is neither. */
  readonly began: number | null;
  /** ms from the last failed attempt to the next attempt. Null unless the lock waits between two attempts. */
  readonly retryDelay: number | null;
  readonly leaseState: ObservedLease | null;
}

/** What a lock reports to observers. */
export interface LockObservers {
  /** Whether there is an observer: without one, a lock reports nothing. */
  readonly any: boolean;
  /** Whether there is an observer by which somebody learns of a loss. */
  readonly anyActive: boolean;
  lockStepped(lock: ObservedLock, event: LockMachineEvent, from: string, to: string): void;
  lockFailed(lock: ObservedLock, event: FailureEvent, error: unknown): void;
}
