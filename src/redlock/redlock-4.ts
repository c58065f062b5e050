import {
  type CallContext,
  distinct,
  extendWithRetries,
  invalidate,
  isOver,
  isRefusal,
  resourcesOf,
  unreachable,
} from "./call-context.js";
import { Calls } from "./calls.js";
import { LockDisposer } from "./disposer.js";
import { LockError } from "./errors.js";
import { type ClassicLock, type Lock, Redlock4Lock } from "./lock.js";
import { defaultSettings, retriesOf } from "./settings.js";
import type { Settings } from "./types.js";

type AnyLock = Lock | ClassicLock;

/** The calls of redlock 4. */
export class Redlock4 extends Calls {
  constructor(context: CallContext, given: Partial<Settings>) {
    super(context, "clientError", { ...defaultSettings, ...given }, true);
  }

  async lock(resource: string | readonly string[], ttl: number, own?: unknown): Promise<ClassicLock> {
    const { heldLocks, redlock } = this.context;
    const settings = this.settings(own);
    const { driftFactor, retryCount } = settings;
    const resources = [resource].flat() as string[];
    const operation = this.operation(resources);
    let attempts = 1;
    const policy = retriesOf(settings, heldLocks.manager.context.random);
    const retry: typeof policy = (attempt, reason) => {
      const delay = policy(attempt, reason);
      if (delay !== false) attempts++;
      return delay;
    };
    try {
      const overrides = { retry, driftFactor };
      const { leaseState } = await heldLocks.acquire(distinct(resources), ttl, overrides, operation);
      const { token } = leaseState.claim;
      const attemptsRemaining = retryCount - attempts;
      const lock = new Redlock4Lock(
        redlock,
        resources,
        token,
        leaseState.validUntil,
        attempts,
        attemptsRemaining,
      );
      return lock as unknown as ClassicLock;
    } catch (error) {
      throw isRefusal(error) ? exceeded(settings, resources, attempts, error) : error;
    }
  }

  async unlock(lock: AnyLock, own?: unknown): Promise<void> {
    this.settings(own);
    const resources = resourcesOf(lock);
    invalidate(lock);
    const operation = this.operation(resources);
    await this.context.heldLocks.release(distinct(resources), lock.value, operation);
    const cause = unreachable(resources, operation);
    if (cause === null) return;
    throw new LockError(`Unable to fully release the lock on resource "${resources}".`, undefined, { cause });
  }

  async extend(lock: AnyLock, ttl: number, own?: unknown): Promise<AnyLock> {
    const settings = this.settings(own);
    const resources = resourcesOf(lock);
    if (isOver(this.context, lock)) {
      const message = `Cannot extend lock on resource "${resources}" because the lock has already expired.`;
      throw new LockError(message, 0);
    }
    const operation = this.operation(resources);
    try {
      lock.expiration = await extendWithRetries(this.context, lock, ttl, settings, operation);
      return lock;
    } catch (error) {
      throw isRefusal(error) ? exceeded(settings, resources, operation.count, error) : error;
    }
  }

  async disposer(
    resource: string | readonly string[],
    ttl: number,
    onError: (error: unknown) => void = () => {},
  ): Promise<LockDisposer> {
    return new LockDisposer(await this.lock(resource, ttl), onError);
  }
}

function exceeded(
  { retryCount }: Settings,
  resources: readonly string[],
  attempts: number,
  cause: Error,
): LockError {
  const message = `Exceeded ${retryCount} attempts to lock the resource "${resources}".`;
  return new LockError(message, attempts, { cause });
}
