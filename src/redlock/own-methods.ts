import type { Clock, Timer } from "../engine/time/clock.js";
import { InvalidOptionError, isHoldfastError } from "../errors.js";
import type { Lock, RedlockInstance } from "./interfaces.js";
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
  const lock = checkLock(await redlock.acquire(resources, duration, settings));
  const extender = new Extender(lock, clock, duration, settings);
  try {
    return await routine(extender.signal);
  } finally {
    await extender.end();
  }
}

class Extender {
  private readonly controller = new AbortController();
  private timer: Timer | null = null;
  private deadline: Timer | null = null;
  private extension: Promise<void> = Promise.resolve();
  private ended = false;
  private error: unknown;

  constructor(
    private lock: Lock,
    private readonly clock: Clock,
    private readonly duration: number,
    private readonly settings: Settings,
  ) {
    this.arm();
  }

  get signal(): RedlockAbortSignal {
    return this.controller.signal;
  }

  /** Releases the lock once an extension that is under way has ended. */
  async end(): Promise<void> {
    this.ended = true;
    this.timer?.cancel();
    this.deadline?.cancel();
    await this.extension;
    await this.lock.release().catch(() => {});
  }

  private get left(): number {
    return this.lock.expiration - this.clock.wall();
  }

  private arm(): void {
    this.deadline?.cancel();
    this.deadline = this.clock.after(this.left, () => this.abort());
    this.extendIn(Math.min(this.left - this.settings.automaticExtensionThreshold, this.left / 2));
  }

  private extendIn(delay: number): void {
    this.timer = this.clock.after(delay, () => {
      this.extension = this.extend();
    });
  }

  private async extend(): Promise<void> {
    try {
      const extended = checkLock(await this.lock.extend(this.duration));
      // After the deadline, the routine has been told that the lock is lost.
      this.lock = extended;
      if (!this.ended && !this.signal.aborted) this.arm();
    } catch (error) {
      this.error = error;
      if (this.ended || this.signal.aborted) return;
      if (isLost(error) || this.left <= 0) return this.abort();
      this.extendIn(Math.min(this.settings.retryDelay, this.left));
    }
  }

  private abort(): void {
    if (this.signal.aborted || this.ended) return;
    this.timer?.cancel();
    this.deadline?.cancel();
    const expired = () => new Error("The lock expired before it could be extended.");
    this.signal.error = this.error instanceof Error ? this.error : expired();
    this.controller.abort(this.signal.error);
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
