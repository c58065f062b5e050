import type { Handle, Lease, Locks } from "../../api/types.js";
import type { AcquireOptions } from "../../lock/options.js";
import type { Action } from "./script.js";

/** What an action acquires: resources, or permits of a semaphore. */
interface ActionTarget {
  acquire(options: AcquireOptions): Promise<Lease>;
  tryAcquire(options: AcquireOptions): Promise<Lease | null>;
  using(options: AcquireOptions, job: (lease: Lease) => Promise<void>): Promise<void>;
  handle(options: AcquireOptions): Handle;
}

export function targetOf(locks: Locks, { resources, permits }: Action): ActionTarget {
  if (permits === undefined) {
    return {
      acquire: (options) => locks.acquire(resources, options),
      tryAcquire: (options) => locks.tryAcquire(resources, options),
      using: (options, job) => locks.using(resources, options, job),
      handle: (options) => locks.handle(resources, options),
    };
  }
  const { semaphore: name, number, weight } = permits;
  const semaphore = locks.semaphore(name, { permits: number });
  return {
    acquire: (options) => semaphore.acquire({ ...options, weight }),
    tryAcquire: (options) => semaphore.tryAcquire({ ...options, weight }),
    using: (options, job) => semaphore.using({ ...options, weight }, job),
    handle: (options) => semaphore.handle({ ...options, weight }),
  };
}
