/**
 * "released": a quorum of nodes has confirmed it, so that others can acquire the lock. "pending": given up here, but fewer
 * nodes than a quorum have confirmed it so far; the others are told as soon as they can be, or drop the key with its ttl.
 * The `released` event has the votes. Otherwise: what had ended the lease before it could be released.
 */
export type ReleaseOutcome = "released" | "pending" | "expired" | "handedOver";
