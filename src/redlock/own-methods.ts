import type { Clock } from "../engine/time/clock.js";
import { InvalidOptionError, isHoldfastError } from "../errors.js";
import type { Lock, RedlockInstance } from "./interfaces.js";
import { LockExtender, releaseSafely } from "./lock-extender.js";
import type { RedlockAbortSignal, Settings } from "./types.js";

/** Whether an instance has methods of its own, in a subclass or as mocks, in place of these of the class. */
export const overrides = <Class extends object>(
  instance: Class,
  prototype: Class,
  names: readonly (keyof Class)[],
): boolean => names.some((name) => instance[name] !== prototype[name]);

/**
 * `using` of redlock 5 over the `acquire`, `extend` and `release` of a subclass, which may add to them or replace them. As
 * in the original, a timer extends the lock by `lock.extend`. Unlike there, the signal is aborted at the lock's end even
 * if no extension is answered, and the routine's own result counts if the lock cannot be released.
 */
export async function usingOwnMethods<T>(
  redlock: RedlockInstance,
  clock: Clock,
  resources: string[],
  duration: number,
  settings: Settings,
  routine: (signal: RedlockAbortSignal) => Promise<T>,
): Promise<T> {
  let lock = checkLock(await redlock.acquire(resources, duration, settings));
  const left = () => lock.expiration - clock.wall();
  const extender = new LockExtender(clock, left(), {
    delay: (ms) => Math.min(ms - settings.automaticExtensionThreshold, ms / 2),
    async extend() {
      lock = checkLock(await lock.extend(duration));
      return left();
    },
    retryDelay: settings.retryDelay,
    isLost,
    lossError: (error) =>
      error instanceof Error ? error : new Error("The lock expired before it could be extended."),
  });
  try {
    return await routine(extender.signal);
  } finally {
    await extender.end();
    await releaseSafely(() => lock.release());
  }
}

/** Whether a quorum of nodes has reported that the lock is not held any more. */
const isLost = (error: unknown): boolean =>
  isHoldfastError(error, "LEASE_EXPIRED") || isHoldfastError((error as Error | null)?.cause, "LEASE_EXPIRED");

function checkLock(lock: unknown): Lock {
  const { expiration, release, extend } = (lock ?? {}) as Partial<Lock>;
  if (typeof expiration === "number" && typeof release === "function" && typeof extend === "function") {
    return lock as Lock;
  }
  throw new InvalidOptionError(
    "acquire",
    typeof lock,
    "a method that resolves with a lock, as `extend` does",
  );
}
