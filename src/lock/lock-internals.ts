import type { ResettableTimer } from "../engine/time/timer-wheel.js";
import type { FailureEvent, LockMachineEvent } from "../machines/lock-events.js";
import type { RetryingEvent } from "./events.js";
import type { LeaseState } from "./lease-state.js";
import type { ManagerContext } from "./manager-context.js";
import type { Notifier } from "./notifier.js";
import type { PermitPool } from "./permit-pool.js";
import type { Settings } from "./settings.js";

export type RetryDetails = Pick<RetryingEvent, "attempt" | "delay" | "reason" | "votes">;

/** The parts of a lock that its acquisition and its held lease share. */
export interface LockInternals {
  readonly manager: ManagerContext;
  readonly resources: readonly string[];
  readonly keys: readonly string[];
  /** The permits of which the lock takes some; null for a lock that takes all of its keys. */
  readonly pool: PermitPool | null;
  readonly timer: ResettableTimer;
  readonly notifier: Notifier;
  /** Calls `report` outside a step of the chart, and then delivers what `report` deferred. */
  deliver(report: () => void): void;
  /** Sends an event to the chart. */
  send(event: LockMachineEvent): void;
  /** Emits `retrying`. */
  notifyRetry(acquisition: string, details: RetryDetails): void;
  /** Ends the acquisition without a lease. */
  endAcquisition(): void;
  /** Reports to observers the error with which the acquisition rejects. */
  reportFailure(event: FailureEvent, error: unknown): void;
  /** Ends the acquisition and begins the lease. */
  beginLease(leaseState: LeaseState, settings: Settings): void;
  endLease(): void;
  /** Begins the upgrade that was asked for while the lease was being renewed, if there is one. */
  resumeUpgrade(): void;
  endUpgrade(): void;
  /** Rejects an upgrade that is pending, because the lease is over. */
  refuseUpgrade(): void;
}
