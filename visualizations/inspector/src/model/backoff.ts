const firstDelay = 500;
const maxDelay = 5_000;

/** Delay in ms before the next connection attempt. `failures`: consecutive failed attempts, at least 1. */
export const backoff = (failures: number): number => Math.min(maxDelay, firstDelay * 2 ** (failures - 1));
