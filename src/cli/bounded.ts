import { setTimeout as sleep } from "node:timers/promises";

/** Resolves with the promise's value, or with undefined after `ms`. Rejects as `promise` does. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timeout = new AbortController();
  try {
    return await Promise.race([
      promise,
      sleep(ms, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
  } finally {
    timeout.abort();
  }
}
