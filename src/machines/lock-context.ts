import type { RetryReason } from "../engine/time/retry.js";

/** The part of a lock that inspection displays. Serialisable, and free of secrets. */
export interface LockContext {
  resources: readonly string[];
  /** The id of the current or latest acquisition. */
  acquisition: string | null;
  /** Attempts of this acquisition so far. */
  attempt: number;
  /** Why the last attempt or renewal failed. */
  reason: RetryReason | null;
  /** Epoch ms; null while the lock is not held. */
  validUntil: number | null;
}
