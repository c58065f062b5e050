/** The share of a ttl that clocks may disagree by (redis.io, "Distributed Locks with Redis"). */
export const defaultDriftFactor = 0.01;

/** ms that clocks may disagree by over `ttl`: a share of it, and 2 ms for the resolution of Redis expiry. */
export const driftOf = (ttl: number, driftFactor: number): number => Math.ceil(ttl * driftFactor) + 2;

/** ms that a lease is still good for, `elapsed` ms after just before the first request of its round. */
export const validityOf = (ttl: number, drift: number, elapsed: number): number => ttl - drift - elapsed;
