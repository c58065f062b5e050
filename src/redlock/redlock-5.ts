import type { LeaseExpiredError } from "../errors.js";
import { checkTtl } from "../support/checks.js";
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
import { ExecutionError } from "./errors.js";
import type { AcquisitionOverrides, Held } from "./held-locks.js";
import type { RedlockInstance } from "./interfaces.js";
import { type Lock, Redlock5Lock } from "./lock.js";
import type { Operation } from "./operation.js";
import { usingOwnMethods } from "./own-methods.js";
import { defaultSettings, retriesOf } from "./settings.js";
import type { ExecutionResult, RedlockAbortSignal, Settings } from "./types.js";

const noQuorum = "The operation was unable to achieve a quorum during its retry window.";

/** The calls of redlock 5. */
export class Redlock5 extends Calls {
  constructor(context: CallContext, given: Partial<Settings>) {
    super(context, "error", { ...defaultSettings, ...given });
  }

  async acquire(resources: string[], duration: number, own?: unknown): Promise<Lock> {
    checkInteger(duration);
    const settings = this.settings(own);
    const operation = this.operation(resources);
    try {
      const { leaseState } = await this.#acquire(resources, duration, settings, undefined, operation);
      return this.#lock(resources, leaseState.claim.token, operation, leaseState.validUntil);
    } catch (error) {
      throw executionError(error, operation);
    }
  }

  async release(lock: Lock, own?: unknown): Promise<ExecutionResult> {
    const { heldLocks } = this.context;
    const { clock, random } = heldLocks.manager.context;
    const settings = this.settings(own);
    const resources = distinct(resourcesOf(lock));
    const { expiration, value } = lock;
    invalidate(lock);
    const operation = this.operation(resources);
    for (let attempt = 1; ; attempt++) {
      await heldLocks.release(resources, value, operation);
      const cause = unreachable(resources, operation);
      if (cause === null) return resultOf(operation);
      const delay = retriesOf(settings, random)(attempt, "noQuorum");
      // By then the keys have expired.
      if (delay === false || clock.wall() + delay >= expiration) {
        throw new ExecutionError(noQuorum, operation.attempts, { cause });
      }
      await heldLocks.manager.pause(delay);
    }
  }

  async extend(lock: Lock, duration: number, own?: unknown): Promise<Lock> {
    const resources = resourcesOf(lock);
    checkInteger(duration);
    const settings = this.settings(own);
    if (isOver(this.context, lock)) {
      throw new ExecutionError("Cannot extend an already-expired lock.", []);
    }
    checkTtl(duration, "duration");
    const { value } = lock;
    const operation = this.operation(resources);
    try {
      const end = await extendWithRetries(this.context, lock, duration, settings, operation);
      invalidate(lock);
      return this.#lock(resources, value, operation, end);
    } catch (error) {
      throw executionError(error, operation);
    }
  }

  async using<T>(
    resources: string[],
    duration: number,
    own: unknown,
    routine: (signal: RedlockAbortSignal) => Promise<T>,
    /** The instance whose own `acquire`, `extend` and `release` are to be called; null if it has none of its own. */
    instance: RedlockInstance | null,
  ): Promise<T> {
    checkInteger(duration);
    const settings = this.settings(own);
    if (typeof routine !== "function") throw new Error("INVARIANT: routine is not a function.");
    const { automaticExtensionThreshold: threshold } = settings;
    if (threshold > duration - 100) {
      throw new Error(
        "A lock `duration` must be at least 100ms greater than the `automaticExtensionThreshold` setting.",
      );
    }
    if (instance !== null) {
      const { clock } = this.context.heldLocks.manager.context;
      return usingOwnMethods(instance, clock, resources, duration, settings, routine);
    }
    // The routine gets no lock, so no other process can have its value.
    const overrides = { renew: true, renewBefore: threshold, tokenShared: false };
    const operation = this.operation(resources);
    const { lock, leaseState, reporter } = await this.#acquire(
      resources,
      duration,
      settings,
      overrides,
      operation,
    ).catch((error: unknown) => {
      throw executionError(error, operation);
    });
    const extensions = this.operation(resources);
    reporter.begin(extensions);
    const signal: RedlockAbortSignal = leaseState.signal;
    const onAbort = () => {
      signal.error = executionError(signal.reason as LeaseExpiredError, extensions);
    };
    signal.addEventListener("abort", onAbort);
    // A listener of the grant may have taken longer than the lease is valid, or may have called quit().
    lock.checkHeld(leaseState);
    if (signal.aborted) onAbort();
    try {
      return await routine(signal);
    } finally {
      await lock.release(leaseState);
    }
  }

  #acquire(
    resources: string[],
    duration: number,
    settings: Settings,
    more: AcquisitionOverrides | undefined,
    operation: Operation,
  ): Promise<Held> {
    checkTtl(duration, "duration");
    const { heldLocks } = this.context;
    const { driftFactor } = settings;
    const retry = retriesOf(settings, heldLocks.manager.context.random);
    const overrides = more === undefined ? { retry, driftFactor } : { retry, driftFactor, ...more };
    return heldLocks.acquire(distinct(resources), duration, overrides, operation);
  }

  #lock(resources: string[], token: string, operation: Operation, end: number): Lock {
    return new Redlock5Lock(this.context.redlock, resources, token, operation, end) as unknown as Lock;
  }
}

function checkInteger(duration: number): void {
  if (typeof duration !== "number" || Math.floor(duration) !== duration) {
    throw new Error("Duration must be an integer value in milliseconds.");
  }
}

/** Computes the votes only when they are read. */
const resultOf = (operation: Operation): ExecutionResult => ({
  get attempts() {
    return operation.attempts;
  },
});

function executionError(cause: unknown, operation: Operation): Error {
  return isRefusal(cause) ? new ExecutionError(noQuorum, operation.attempts, { cause }) : (cause as Error);
}
