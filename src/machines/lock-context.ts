import type { RetryReason } from "../engine/time/retry.js";

/** What inspection shows of a lock. Serialisable, and free of secrets. */
export interface LockContext {
  resources: readonly string[];
  /** Names the current or last acquisition. */
  acquisition: string | null;
  /** Attempts of this acquisition so far. */
  attempt: number;
  /** Why the last attempt or renewal failed. */
  reason: RetryReason | null;
  /** Epoch ms; null when nothing is held. */
  validUntil: number | null;
}
