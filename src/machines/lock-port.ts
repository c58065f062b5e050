import type { FailureEvent, LockMachineEvent, LossEvent, RefusalEvent } from "./lock-events.js";
import { Ports } from "./port.js";

type Of<Type extends LockMachineEvent["type"]> = Extract<LockMachineEvent, { type: Type }>;

/**
 * What the lock's chart drives. Each `ask…` leads to one outcome event; none of these may throw, since an action
 * that throws stops its actor.
 */
export interface LockPort {
  /** Starts an attempt with a fresh token → GRANTED, DENIED, NO_QUORUM, TOO_SLOW or REFUSED. */
  askForGrant(attempt: number): void;
  /** → RETRY after the delay, or TIMED_OUT when `wait` is over before. */
  scheduleRetry(event: RefusalEvent, attempt: number): void;
  /** → TIMED_OUT when `wait` is over. */
  armWait(): void;
  /** Takes back what the attempt under way may have been granted. */
  abandonAttempt(): void;
  /** The acquisition ends without a lease. */
  fail(event: FailureEvent): void;
  /** The lease begins. */
  begin(event: Of<"GRANTED">): void;
  /** Sets the one timer: → RENEW or EXPIRED, whichever comes first. */
  armTimer(): void;
  /** → RENEWED, NO_QUORUM, LOST or EXPIRED. */
  askForRenewal(): void;
  prolong(event: Of<"RENEWED">): void;
  /** A renewal found no quorum: tells so, and plans the next try, if one follows. */
  reportQuorumLost(event: RefusalEvent): void;
  /** → RELEASED, or EXPIRED if the deadline comes first. */
  askForRelease(): void;
  finishRelease(event: Of<"RELEASED">): void;
  /** Releases what a lost lease may have left on the nodes. */
  releaseRemains(): void;
  /** The lease is lost, and the job is told. */
  lose(event: LossEvent): void;
  letGo(): void;
}

export const lockPorts = new Ports<LockPort>();
