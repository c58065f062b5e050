const first = 500;
const most = 5_000;

/** ms to wait before the connection is tried again. `failures`: so many tries in a row have failed, at least 1. */
export const backoff = (failures: number): number => Math.min(most, first * 2 ** (failures - 1));
