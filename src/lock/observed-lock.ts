import type { Clock } from "../engine/time/clock.js";
import type { LockContext } from "../machines/lock-context.js";
import type { LockState } from "../machines/lock-state.js";

/** What an observer may read of a lease that is held. */
interface ObservedLease {
  /** How often it was renewed. */
  readonly renewals: number;
  /** ms; of the last round that a quorum granted. */
  readonly ttl: number;
  readonly grant: {
    /** Just before the first request of the round that granted it. */
    readonly at: { readonly monotonic: number; readonly wall: number };
    readonly ttl: number;
    readonly fence: number | undefined;
  };
  /** ms of validity left. */
  left(): number;
}

/** A lock as observers see it: they read it, and cannot change it. */
export interface ObservedLock {
  readonly resources: readonly string[];
  readonly manager: { readonly clock: Clock; readonly owner: string };
  readonly state: LockState;
  /** The state with its substate: "acquiring.asking". */
  readonly path: string;
  /** The context of its chart. */
  readonly context: LockContext;
  /** Epoch ms at which the present acquisition began; null when there is none. */
  readonly began: number | null;
  /** ms from the last failed attempt to the next one; null unless the lock waits between two attempts. */
  readonly retryDelay: number | null;
  readonly leaseState: ObservedLease | null;
}
