import type { ClassicLock, Disposer } from "./interfaces.js";

/**
 * A resource for bluebird's `using`: an object with these three methods, or a promise of one (bluebird 3,
 * "Promise.using"). Without bluebird, use `await using` or call `tryDispose`.
 */
export class LockDisposer implements Disposer {
  constructor(
    private readonly lock: ClassicLock,
    private readonly onError: (error: unknown) => void,
  ) {}

  resource(): ClassicLock {
    return this.lock;
  }

  promise(): ClassicLock {
    return this.lock;
  }

  /** Releases the lock. An error is passed to the handler that `disposer` was given. */
  tryDispose(): Promise<void> {
    return this.lock.unlock().catch(this.onError);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.tryDispose();
  }
}
