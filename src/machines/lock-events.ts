import type { Vote } from "../engine/protocol/vote.js";
import type { RetryReason } from "../engine/time/retry.js";
import type { ExpiryReason } from "../errors.js";

/** The events of the lock state machine: imperative for requests, past tense for outcomes. */
export type LockMachineEvent =
  /** `queued`: other callers of this process come first. */
  | { type: "ACQUIRE"; acquisition: string; queued: boolean }
  /** No caller of this process comes first any more. */
  | { type: "NEXT" }
  | { type: "GRANTED"; validUntil: number; votes: readonly Vote[] }
  /** Another client holds the lock. `retryIn`: ms until the next attempt; null if none follows. */
  | (Refusal & { type: "DENIED" })
  /** Too few nodes answered. */
  | (Refusal & { type: "NO_QUORUM" })
  /** A quorum granted the lock, but so late that no validity was left. */
  | (Refusal & { type: "TOO_SLOW" })
  /** The delay before the next attempt is over, or the waiter's turn has come. */
  | { type: "RETRY" }
  /** The caller gave up: its signal was aborted, or the manager closes. */
  | { type: "ABORT"; error: unknown }
  /** The whole acquisition took longer than `wait`. */
  | { type: "TIMED_OUT" }
  /** The acquisition can never succeed: two nodes are the same server. */
  | { type: "REFUSED"; error: unknown }
  /** A renewal is due, or was asked for. */
  | { type: "RENEW" }
  | { type: "RENEWED"; validUntil: number; votes: readonly Vote[] }
  /**
   * Too many nodes no longer hold the keys for this lease, so no quorum is left. `votes`: those of the renewal that found
   * this.
   */
  | { type: "LOST"; reason: ExpiryReason; validUntil: number; votes?: readonly Vote[] }
  /** The deadline has passed. */
  | { type: "EXPIRED"; reason: ExpiryReason; validUntil: number; votes?: readonly Vote[] }
  | { type: "RELEASE" }
  | { type: "RELEASED"; votes: readonly Vote[] }
  /** The lease ends here without a release, to be adopted elsewhere. */
  | { type: "HAND_OVER" }
  /** A shared lease is to become exclusive. */
  | { type: "UPGRADE" }
  /** Others still share the lock. */
  | { type: "BLOCKED"; votes: readonly Vote[] }
  | { type: "UPGRADED"; validUntil: number; votes: readonly Vote[] }
  /** The lease stays shared: `wait` is over, the caller gave up, or another lease waits to become exclusive. */
  | { type: "UPGRADE_FAILED"; error: unknown };

interface Refusal {
  reason: RetryReason;
  votes: readonly Vote[];
  retryIn: number | null;
}

export type RefusalEvent = Extract<LockMachineEvent, Refusal>;
export type LossEvent = Extract<LockMachineEvent, { reason: ExpiryReason }>;
/** The events that end an acquisition without a lease. */
export type FailureEvent =
  | RefusalEvent
  | Extract<LockMachineEvent, { type: "ABORT" | "TIMED_OUT" | "REFUSED" }>;
