/** The maximum disagreement between clocks, as a share of a ttl (redis.io, "Distributed Locks with Redis"). */
export const defaultDriftFactor = 0.01;

/**
 * The maximum disagreement between clocks over `ttl`, in ms: a share of the ttl, and 2 ms for the resolution of Redis
 * expiry.
 */
export const driftOf = (ttl: number, driftFactor: number): number => Math.ceil(ttl * driftFactor) + 2;

/** The remaining validity of a lease in ms. `elapsed`: ms since just before the first request of its round. */
export const validityOf = (ttl: number, drift: number, elapsed: number): number => ttl - drift - elapsed;
