import type { Clock } from "../engine/time/clock.js";
import type { Lock, RedlockInstance } from "./interfaces.js";
import { LockExtender, releaseSafely } from "./lock-extender.js";
import type { RedlockAbortSignal } from "./types.js";

/** The share of the ttl after which `using` renews the lock, as in node-redlock. */
const renewalShare = 0.8;

/** Thrown by a renewal that was refused. */
const refused = Symbol("the renewal was refused");

/**
 * `using` of node-redlock over the `acquireLock`, `renewLock` and `releaseLock` of a subclass. `failed` is called when the
 * lock is lost; null: the lock is not renewed. The signal is aborted at the lock's end.
 */
export async function usingOwnMethodsOf<T>(
  redlock: RedlockInstance,
  clock: Clock,
  resource: string,
  ttl: number,
  routine: (lock: Lock, signal: RedlockAbortSignal) => Promise<T>,
  failed: (() => void) | null,
): Promise<T> {
  const lock = await redlock.acquireLock(resource, ttl);
  if (!lock) throw new Error(`Failed to acquire lock for resource: ${resource}`);
  const duration = Number.isFinite(lock.ttl) ? lock.ttl - clock.wall() : ttl;
  const extender = new LockExtender(clock, duration, {
    delay: failed === null ? null : (left) => left * renewalShare,
    async extend() {
      const asked = clock.monotonic();
      const renewed = await redlock.renewLock(lock.resource, lock.value, ttl);
      if (!renewed) throw refused;
      return ttl - (clock.monotonic() - asked);
    },
    // Without an answer, the lock is held until its deadline.
    retryDelay: null,
    isLost: (error) => error === refused,
    lossError: () => new Error(`Failed to auto-extend lock for resource: ${resource}`),
    onLost: () => failed?.(),
  });
  try {
    return await routine(lock, extender.signal);
  } finally {
    await extender.end();
    await releaseSafely(() => redlock.releaseLock(lock.resource, lock.value));
  }
}
