import type { Clock, Timer } from "../engine/time/clock.js";
import type { Lock, RedlockInstance } from "./interfaces.js";
import type { RedlockAbortSignal } from "./types.js";

/** The share of the ttl after which `using` renews the lock, as in node-redlock. */
const renewalShare = 0.8;

/**
 * `using` of node-redlock over the `acquireLock`, `renewLock` and `releaseLock` of a subclass. `failed` is called when a
 * renewal was refused; null: the lock is not renewed. The signal is aborted at the lock's end.
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
  const controller = new AbortController();
  const timers: { renewal?: Timer; deadline?: Timer } = {};
  const lose = () => {
    timers.renewal?.cancel();
    const error = new Error(`Failed to auto-extend lock for resource: ${resource}`);
    controller.abort(Object.assign(controller.signal, { error }).error);
    failed?.();
  };
  const holdFor = (ms: number) => {
    timers.deadline?.cancel();
    timers.deadline = clock.after(ms, lose);
    if (failed !== null) timers.renewal = clock.after(ms * renewalShare, () => void renew());
  };
  const renew = async () => {
    const asked = clock.monotonic();
    const renewed = await redlock.renewLock(lock.resource, lock.value, ttl).catch(() => null);
    if (ended || controller.signal.aborted) return;
    // Without an answer, the lock is held until its deadline.
    if (renewed) holdFor(ttl - (clock.monotonic() - asked));
    else if (renewed === false) lose();
  };
  let ended = false;
  holdFor(Number.isFinite(lock.ttl) ? lock.ttl - clock.wall() : ttl);
  try {
    return await routine(lock, controller.signal);
  } finally {
    ended = true;
    timers.renewal?.cancel();
    timers.deadline?.cancel();
    await redlock.releaseLock(lock.resource, lock.value).catch(() => {});
  }
}
