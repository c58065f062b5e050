import type { Vote } from "../engine/protocol/vote.js";
import type { RetryReason } from "../engine/time/retry.js";
import type { ExpiryReason } from "../errors.js";

/** What the lock is told: imperative for wishes, past for outcomes. */
export type LockMachineEvent =
  /** `queued`: others of this process are before it. */
  | { type: "ACQUIRE"; acquisition: string; queued: boolean }
  /** Nobody of this process is before it any more. */
  | { type: "NEXT" }
  | { type: "GRANTED"; validUntil: number; votes: readonly Vote[] }
  /** Somebody else holds it. `retryIn`: ms until the next try, null when none follows. */
  | (Refusal & { type: "DENIED" })
  /** Too few nodes answered. */
  | (Refusal & { type: "NO_QUORUM" })
  /** A quorum granted, but so late that no validity was left. */
  | (Refusal & { type: "TOO_SLOW" })
  /** The delay before the next attempt is over, or its turn has come. */
  | { type: "RETRY" }
  /** The caller gave up: its signal was aborted, or the manager closes. */
  | { type: "ABORT"; error: unknown }
  /** The whole acquisition took longer than `wait`. */
  | { type: "TIMED_OUT" }
  /** It can never succeed: two nodes are one server. */
  | { type: "REFUSED"; error: unknown }
  /** A renewal is due, or was asked for. */
  | { type: "RENEW" }
  | { type: "RENEWED"; validUntil: number; votes: readonly Vote[] }
  /** The keys are no longer ours on so many nodes that no quorum is left: the votes of the renewal that found it. */
  | { type: "LOST"; reason: ExpiryReason; validUntil: number; votes?: readonly Vote[] }
  /** The deadline has come. */
  | { type: "EXPIRED"; reason: ExpiryReason; validUntil: number; votes?: readonly Vote[] }
  | { type: "RELEASE" }
  | { type: "RELEASED"; votes: readonly Vote[] }
  /** Ended here without releasing, to be adopted elsewhere. */
  | { type: "HAND_OVER" };

interface Refusal {
  reason: RetryReason;
  votes: readonly Vote[];
  retryIn: number | null;
}

export type RefusalEvent = Extract<LockMachineEvent, Refusal>;
export type LossEvent = Extract<LockMachineEvent, { reason: ExpiryReason }>;
/** What ends an acquisition for good. */
export type FailureEvent =
  | RefusalEvent
  | Extract<LockMachineEvent, { type: "ABORT" | "TIMED_OUT" | "REFUSED" }>;
