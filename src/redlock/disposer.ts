import type { ClassicLock } from "./lock.js";

/**
 * What bluebird's `using` takes as a resource that it must dispose of: an object with these three methods, or, as here,
 * the promise of one (bluebird 3, "Promise.using"). Without bluebird: `await using`, or call `tryDispose` yourself.
 */
export class Disposer implements AsyncDisposable {
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

  /** Releases the lock; an error goes to the handler that `disposer` was given. */
  tryDispose(): Promise<void> {
    return this.lock.unlock().catch(this.onError);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.tryDispose();
  }
}
