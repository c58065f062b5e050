import { quorumOf } from "../engine/protocol/quorum.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { RetryFunction } from "../engine/time/retry.js";
import { InvalidOptionError, isHoldfastError } from "../errors.js";
import { checkTtl } from "../support/checks.js";
import { ignoreRejection } from "../support/safe-emitter.js";
import { entriesOf } from "../support/untrusted.js";
import { type CallContext, isRefusal } from "./call-context.js";
import { Calls } from "./calls.js";
import type { AcquisitionOverrides, Held, HeldLocks } from "./held-locks.js";
import type { RedlockInstance } from "./interfaces.js";
import { type Lock, NodeRedlockLock } from "./lock.js";
import type { Operation } from "./operation.js";
import { usingOwnMethodsOf } from "./own-node-redlock.js";
import { delayOf, nodeRedlockDefaults } from "./settings.js";
import type { RedlockAbortSignal, Settings } from "./types.js";

/** The calls of node-redlock. */
export class NodeRedlock extends Calls {
  /** The values of the locks that `using` holds. */
  readonly #extended = new Set<string>();

  constructor(context: CallContext, given: Partial<Settings>) {
    super(context, "clientError", { ...nodeRedlockDefaults, ...given });
  }

  acquireLock(resource: string, ttl: number): Promise<Lock | null> {
    return nullIfRefused(this.#acquireLock(resource, ttl, {}));
  }

  async acquireLockWithCustomRetry(
    resource: string,
    ttl: number,
    retryStrategy: (attempt: number) => number,
  ): Promise<Lock | null> {
    if (typeof retryStrategy !== "function") {
      throw new InvalidOptionError("retryStrategy", retryStrategy, "a function that returns ms");
    }
    const retry: RetryFunction = (attempt) => {
      if (!this.#mayRetry(attempt)) return false;
      const delay: unknown = retryStrategy(attempt - 1);
      if (typeof delay === "number" && delay >= 0 && delay !== Number.POSITIVE_INFINITY) return delay;
      ignoreRejection(delay);
      throw new InvalidOptionError(
        "retryStrategy",
        delay,
        "a function that returns ms, at least 0 and finite",
      );
    };
    return nullIfRefused(this.#acquireLock(resource, ttl, { retry }));
  }

  async tryAcquire(
    resource: string,
    value: string,
    ttl: number,
    heldLocks = this.context.heldLocks,
  ): Promise<number> {
    checkResource(resource);
    const operation = this.operation([resource]);
    let held: Held | null = null;
    try {
      held = await heldLocks.acquireWithToken([resource], value, ttl, operation);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    const granted = await grantedIn(operation);
    // A quorum that granted too late does not count, because the lock is given back: then report less than a quorum.
    return held === null ? Math.min(granted, quorumOf(heldLocks.nodes) - 1) : granted;
  }

  async renewLock(resource: string, value: string, ttl: number): Promise<boolean> {
    checkResource(resource);
    const { heldLocks, redlock } = this.context;
    const { driftFactor } = this.settings();
    const operation = this.operation([resource]);
    try {
      await heldLocks.renew([resource], value, ttl, driftFactor, operation);
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
    // The lock of `using` reports each renewal itself.
    if (!this.#extended.has(value)) redlock.emit("renewed", { resource, value, ttl });
    return true;
  }

  async releaseLock(resource: string, value: string): Promise<void> {
    await this.#release(this.context.heldLocks, resource, value);
    this.context.redlock.emit("released", { resource, value, ttl: 0 });
  }

  /** Resolves with the number of nodes that removed the key. */
  async releaseOn(heldLocks: HeldLocks, resource: string, value: string): Promise<number> {
    return grantedIn(await this.#release(heldLocks, resource, value));
  }

  async using<T>(
    resource: string,
    ttl: number,
    routine: (lock: Lock, signal: RedlockAbortSignal) => Promise<T>,
    options?: { readonly autoExtend?: boolean | undefined },
    /** The instance whose own `acquireLock`, `renewLock` and `releaseLock` are to be called; null if it has none. */
    instance: RedlockInstance | null = null,
  ): Promise<T> {
    if (typeof routine !== "function") throw new InvalidOptionError("routine", routine, "a function");
    checkResource(resource);
    checkTtl(ttl);
    const { redlock, heldLocks } = this.context;
    const failed = () => {
      redlock.emit("error", new Error(`Failed to auto-extend lock for resource: ${resource}`));
    };
    const extend = autoExtends(options);
    if (instance !== null) {
      const { clock } = heldLocks.manager.context;
      return usingOwnMethodsOf(instance, clock, resource, ttl, routine, extend ? failed : null);
    }
    const overrides = extend ? { renew: true, renewBefore: ttl / 5, onLost: failed } : {};
    const { lock, held } = await this.#acquireLock(resource, ttl, overrides).catch((cause: unknown) => {
      if (!isRefusal(cause)) throw cause;
      throw new Error(`Failed to acquire lock for resource: ${resource}`, { cause });
    });
    const { value } = lock;
    held.lock.events.on("renewed", () => redlock.emit("renewed", { resource, value, ttl }));
    this.#extended.add(value);
    try {
      // A listener of the grant may have taken longer than the lease is valid.
      held.lock.checkHeld(held.leaseState);
      return await routine(lock, held.leaseState.signal);
    } finally {
      this.#extended.delete(value);
      // If the manager was closed meanwhile, there is nothing to release, and the routine's own result counts.
      await this.releaseLock(resource, value).catch(() => {});
    }
  }

  async #release(heldLocks: HeldLocks, resource: string, value: string): Promise<Operation> {
    checkResource(resource);
    const operation = this.operation([resource]);
    await heldLocks.release([resource], value, operation);
    return operation;
  }

  async #acquireLock(resource: string, ttl: number, overrides: AcquisitionOverrides): Promise<Acquired> {
    checkResource(resource);
    const { heldLocks, redlock } = this.context;
    const { driftFactor } = this.settings();
    const delay = delayOf(this.settings(), heldLocks.manager.context.random);
    const retry: RetryFunction = (attempt) => (this.#mayRetry(attempt) ? delay() : false);
    const operation = this.operation([resource]);
    const all = { retry, driftFactor, ...overrides };
    const held = await heldLocks.acquire([resource], ttl, all, operation);
    const { leaseState } = held;
    const lock = new NodeRedlockLock(
      redlock,
      resource,
      leaseState.claim.token,
      leaseState.validUntil,
    ) as unknown as Lock;
    redlock.emit("acquired", lock);
    return { lock, held };
  }

  /** `retryCount` counts all attempts here; at least one is made. */
  #mayRetry(attempt: number): boolean {
    const { retryCount } = this.settings();
    return retryCount === -1 || attempt < retryCount;
  }
}

interface Acquired {
  readonly lock: Lock;
  readonly held: Held;
}

/** The number of nodes that granted, once all nodes have voted. */
async function grantedIn({ last }: Operation): Promise<number> {
  const votes = (await last?.ballot.everyVote()) ?? [];
  return votes.filter(({ kind }) => kind === "granted").length;
}

/**
 * Resolves with null if the lock was refused. Garbage replies throw instead: a wrapped client that makes up replies can
 * never hold a lock.
 */
async function nullIfRefused(acquired: Promise<Acquired>): Promise<Lock | null> {
  try {
    return (await acquired).lock;
  } catch (error) {
    if (isHoldfastError(error, "QUORUM_UNAVAILABLE")) refuseGarbage(error.votes);
    if (isRefusal(error)) return null;
    throw error;
  }
}

function refuseGarbage(votes: readonly Vote[]): void {
  for (const vote of votes) {
    if (vote.kind !== "failed" || vote.reason !== "garbage") continue;
    const allowed =
      "clients whose eval returns the reply of the server unchanged, like IoredisClient and RedisjsClient of this package";
    throw new InvalidOptionError("clients", `${vote.node}: ${vote.message}`, allowed);
  }
}

function autoExtends(options: unknown): boolean {
  if (options === undefined || options === null) return false;
  const entries = entriesOf(options);
  const known = entries?.every(
    ([name, value]) => name === "autoExtend" && (typeof value === "boolean" || value === undefined),
  );
  if (known) return entries?.[0]?.[1] === true;
  throw new InvalidOptionError(
    "options",
    options,
    "{ autoExtend: true }, { autoExtend: false }, or left out",
  );
}

function checkResource(resource: unknown): void {
  if (typeof resource === "string" && resource !== "") return;
  throw new InvalidOptionError("resource", resource, "a non-empty string");
}
