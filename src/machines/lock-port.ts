import type { FailureEvent, LockMachineEvent, LossEvent, RefusalEvent } from "./lock-events.js";
import { Ports } from "./port.js";

type Of<Type extends LockMachineEvent["type"]> = Extract<LockMachineEvent, { type: Type }>;

/** The actions of the state machine on an acquisition. Each `askFor…` leads to one outcome event. */
export interface AcquiringActions {
  /** Limits the wait: → TIMED_OUT when `wait` is over. */
  armWait(): void;
  /** Starts an attempt with a fresh token → GRANTED, DENIED, NO_QUORUM, TOO_SLOW or REFUSED. */
  askForGrant(attempt: number): void;
  /** → RETRY after the delay, or TIMED_OUT when `wait` is over before. */
  scheduleRetry(event: RefusalEvent, attempt: number): void;
  /** Releases the keys that the current attempt may have been granted. */
  abandonAttempt(): void;
  /** Ends the acquisition without a lease. */
  fail(event: FailureEvent): void;
  /** Ends the acquisition with a lease. */
  begin(event: Of<"GRANTED">): void;
}

/** The actions of the state machine on a lease that is held. Each `askFor…` leads to one outcome event. */
export interface HoldingActions {
  /** Sets the lease's only timer: → RENEW or EXPIRED, whichever comes first. */
  armTimer(): void;
  /** → RENEWED, NO_QUORUM, LOST or EXPIRED. */
  askForRenewal(): void;
  prolong(event: Of<"RENEWED">): void;
  /** Reports a renewal that found no quorum, and schedules the next attempt, if one follows. */
  reportQuorumLost(event: RefusalEvent): void;
  /** → RELEASED, or EXPIRED if the deadline comes first. */
  askForRelease(): void;
  finishRelease(event: Of<"RELEASED">): void;
  /** Releases keys of a lost lease that may remain on the nodes. */
  releaseRemains(): void;
  /** Ends the lease as lost, and notifies the code that runs under the lease. */
  lose(event: LossEvent): void;
  /** Ends the lease without a release. */
  endWithoutRelease(): void;
}

/** The actions of the state machine on a shared lease that is to become exclusive. */
export interface UpgradingActions {
  /** Asks for the keys alone → UPGRADED, BLOCKED or UPGRADE_FAILED. */
  askForUpgrade(): void;
  /** → RETRY after a delay, or when the nodes tell that the others have left. */
  scheduleUpgrade(): void;
  finishUpgrade(): void;
  /** Leaves the lease shared, on all nodes. */
  failUpgrade(error: unknown): void;
}

/**
 * The objects that the lock state machine acts on: the acquisition and the lease, each while it exists. None of their
 * actions may throw, because an action that throws stops its actor.
 */
export interface LockPort {
  readonly acquisition: AcquiringActions | null;
  readonly heldLease: HoldingActions | null;
  readonly pendingUpgrade?: UpgradingActions | null;
}

export const lockPorts = new Ports<LockPort>();
