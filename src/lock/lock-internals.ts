import type { FailureEvent, LockMachineEvent } from "../machines/lock-events.js";
import type { LeaseState } from "./lease-state.js";
import type { LockTimer } from "./lock-timer.js";
import type { ManagerContext } from "./manager-context.js";
import type { Notifier } from "./notifier.js";
import type { Outbox } from "./outbox.js";
import type { Settings } from "./settings.js";

/** What the two halves of a lock's life, the pursuit and the tenure, share. */
export interface LockInternals {
  readonly manager: ManagerContext;
  readonly resources: readonly string[];
  readonly keys: readonly string[];
  readonly timer: LockTimer;
  readonly notifier: Notifier;
  /** For what users are to hear. */
  readonly outbox: Outbox;
  /** Delivers what is told outside a step of the chart. */
  deliver(tell: () => void): void;
  /** Tells the chart. */
  send(event: LockMachineEvent): void;
  /** The acquisition is over without a lease. */
  endAcquisition(): void;
  /** Observers are told what the acquisition's caller is rejected with. */
  reportFailure(event: FailureEvent, error: unknown): void;
  /** The acquisition is over, and the lease begins. */
  beginLease(leaseState: LeaseState, settings: Settings): void;
  endLease(): void;
}
