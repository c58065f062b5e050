import { type LeaseExpiredError, QuorumUnavailableError } from "../errors.js";
import { audienceOf, type Desk, distinct, isRefusal, operationOn, prolong, resourcesOf } from "./desk.js";
import { ExecutionError } from "./errors.js";
import { type Lock, ModernLock } from "./lock.js";
import type { Audience } from "./lock-witness.js";
import type { Operation } from "./operation.js";
import { readSettings, retriesOf, usualSettings } from "./settings.js";
import type { ExecutionResult, RedlockAbortSignal, Settings } from "./types.js";

const noQuorum = "The operation was unable to achieve a quorum during its retry window.";

/** The calls of redlock 5. */
export class Modern {
  readonly #audience: Audience;

  constructor(
    private readonly desk: Desk,
    private readonly given: Partial<Settings>,
  ) {
    this.#audience = audienceOf(desk.redlock, "error");
  }

  async acquire(resources: string[], duration: number, own?: unknown): Promise<Lock> {
    checkInteger(duration);
    const settings = this.#settings(own);
    const operation = operationOn(this.desk, resources);
    const { hold } = await this.#acquire(resources, duration, settings, {}, operation);
    return this.#lock(resources, hold.claim.token, operation, hold.validUntil);
  }

  async release(lock: Lock, own?: unknown): Promise<ExecutionResult> {
    this.#settings(own);
    const resources = distinct(resourcesOf(lock));
    lock.expiration = 0;
    const operation = operationOn(this.desk, resources);
    await this.desk.keeper.release(resources, lock.value, this.#audience, operation);
    const cause = unreachable(resources, operation);
    if (cause !== null) throw new ExecutionError(noQuorum, operation.attempts, { cause });
    return { attempts: operation.attempts };
  }

  async extend(lock: Lock, duration: number, own?: unknown): Promise<Lock> {
    checkInteger(duration);
    const settings = this.#settings(own);
    const resources = resourcesOf(lock);
    if (lock.expiration < this.desk.keeper.manager.ground.clock.wall()) {
      throw new ExecutionError("Cannot extend an already-expired lock.", []);
    }
    const { value } = lock;
    const operation = operationOn(this.desk, resources);
    try {
      const end = await prolong(this.desk, lock, duration, settings, this.#audience, operation);
      lock.expiration = 0;
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
  ): Promise<T> {
    checkInteger(duration);
    const settings = this.#settings(own);
    if (typeof routine !== "function") throw new Error("INVARIANT: routine is not a function.");
    const { automaticExtensionThreshold: threshold } = settings;
    if (threshold > duration - 100) {
      throw new Error(
        "A lock `duration` must be at least 100ms greater than the `automaticExtensionThreshold` setting.",
      );
    }
    const operation = operationOn(this.desk, resources);
    // The routine gets no lock, so nobody else can have it.
    const wishes = { renew: true, renewBefore: threshold, entrusted: false };
    const { lock, hold } = await this.#acquire(resources, duration, settings, wishes, operation);
    const signal: RedlockAbortSignal = hold.signal;
    signal.addEventListener("abort", () => {
      signal.error = executionError(signal.reason as LeaseExpiredError, operation);
    });
    try {
      return await routine(signal);
    } finally {
      await lock.release(hold);
    }
  }

  async #acquire(
    resources: string[],
    duration: number,
    settings: Settings,
    wishes: object,
    operation: Operation,
  ) {
    const { keeper } = this.desk;
    const { driftFactor } = settings;
    const retry = retriesOf(settings, keeper.manager.ground.random);
    const all = { retry, driftFactor, ...wishes };
    try {
      return await keeper.acquire(distinct(resources), duration, all, this.#audience, operation);
    } catch (error) {
      throw executionError(error, operation);
    }
  }

  #lock(resources: string[], token: string, operation: Operation, end: number): Lock {
    return new ModernLock(this.desk.redlock, resources, token, operation, end) as unknown as Lock;
  }

  #settings(own: unknown): Settings {
    return { ...usualSettings, ...this.given, ...readSettings(own) };
  }
}

function checkInteger(duration: number): void {
  if (Math.floor(duration) !== duration) {
    throw new Error("Duration must be an integer value in milliseconds.");
  }
}

function executionError(cause: unknown, operation: Operation): Error {
  return isRefusal(cause) ? new ExecutionError(noQuorum, operation.attempts, { cause }) : (cause as Error);
}

/** Why a release cannot be told from none: too few nodes have answered it. Null if enough did. */
export function unreachable(
  resources: readonly string[],
  { last }: Operation,
): QuorumUnavailableError | null {
  if (last?.verdict !== "noQuorum") return null;
  return new QuorumUnavailableError(resources, "release", 1, last.votes, last.votes.length);
}
