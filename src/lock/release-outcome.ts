/**
 * The outcome of a release.
 *
 * - "released": a quorum of nodes has confirmed the release, so that others can acquire the lock, at once or when
 *   `holdAtLeast` is over.
 * - "pending": the lease is over here, but fewer nodes than a quorum have confirmed the release so far. The other nodes get
 *   the release as soon as they can be reached, or drop the key when its ttl is over. The `released` event has the votes.
 * - "expired" or "handedOver": the lease had ended in this way before it could be released.
 */
export type ReleaseOutcome = "released" | "pending" | "expired" | "handedOver";
