import { Elections } from "../election/elections.js";
import type { ManagedElection } from "../election/managed-election.js";
import type { ElectionOptions } from "../election/types.js";
import { InvalidOptionError, isHoldfastError, LeaseExpiredError } from "../errors.js";
import type { ManagerEvents } from "../lock/events.js";
import type { LeaseState } from "../lock/lease-state.js";
import { checkKnown } from "../lock/option-checks.js";
import type { AcquireOptions, UsingOptions } from "../lock/options.js";
import { coverHold, type Settings } from "../lock/settings.js";
import type { LockFactory, Resources } from "../manager/lock-factory.js";
import type { Manager } from "../manager/manager.js";
import { onAbort } from "../support/abort.js";
import { rejection } from "../support/caller-stack.js";
import { checkDuration } from "../support/checks.js";
import { readHandover } from "./handover.js";
import { LockHandle } from "./lock-handle.js";
import { LockLease } from "./lock-lease.js";
import type { FencedLease, Handle, Inspection, Locks } from "./types.js";

/** The default time, in ms, that `close` waits for releases. */
export const defaultCloseTimeout = 5_000;

/** The settings for a single attempt. */
const once = { retry: () => false, queued: false } satisfies Partial<Settings>;

const nullIfContended = (error: unknown) =>
  isHoldfastError(error, "LOCK_CONTENDED") ? null : rejection(error);

/** Throws if the lease was lost or taken back, and not ended by its holder. `result`: that of the job. */
function throwIfLost({ resources, end, takenBack }: LeaseState, result: unknown): void {
  if (end === null || (takenBack === null && (end === "released" || end === "handedOver"))) return;
  throw new LeaseExpiredError(resources, end, result, takenBack ?? undefined);
}

type Job<T> = (lease: FencedLease) => T | Promise<T>;

/** Returns the public interface of a manager. */
export function locksOf(manager: Manager): Locks {
  // Whether a lease has a fence depends on the options of each call, which only the interface can express.
  return new ManagedLocks(manager) as Locks;
}

/** The key of the managers in a `Locks` object, shared by all copies of the package and thus by all entry points. */
export const managersKey: unique symbol = Symbol.for("holdfast.managers") as never;

/**
 * Returns the managers behind `locks`, one for each group of nodes.
 *
 * @throws InvalidOptionError if `locks` was not returned by `createLocks`.
 */
export function managersOf(locks: unknown): readonly [Manager, ...Manager[]] {
  const found = (locks as { [managersKey]?: readonly [Manager] } | null | undefined)?.[managersKey];
  if (found === undefined) throw new InvalidOptionError("locks", locks, "what createLocks gave");
  return found;
}

/** Returns the manager behind `locks` that are not spread over groups. @throws as `managersOf` does. */
export const managerOf = (locks: unknown): Manager => managersOf(locks)[0];

class ManagedLocks {
  readonly #manager: Manager;
  readonly #factory: LockFactory;
  readonly #elections: Elections;

  constructor(manager: Manager) {
    this.#manager = manager;
    this.#factory = manager.factory;
    this.#elections = new Elections(manager);
  }

  get [managersKey](): readonly [Manager] {
    return [this.#manager];
  }

  acquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease> {
    try {
      return this.#acquire(resources, this.#factory.settings(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async tryAcquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease | null> {
    const settings = { ...this.#factory.settings(options), ...once };
    const lock = this.#factory.lock(resources);
    const toLease = (leaseState: LeaseState) => new LockLease(lock, leaseState);
    return await lock.acquire<FencedLease | null>(settings, toLease, null, nullIfContended);
  }

  using<T>(resources: Resources, job: Job<T>): Promise<T>;
  using<T>(resources: Resources, options: UsingOptions, job: Job<T>): Promise<T>;
  async using<T>(resources: Resources, ...rest: [Job<T>] | [UsingOptions, Job<T>]): Promise<T> {
    const [options, job] = rest.length === 1 ? [undefined, rest[0]] : rest;
    if (typeof job !== "function") throw new InvalidOptionError("job", job, "a function");
    const settings = this.#factory.usingSettings(options);
    const lock = this.#factory.lock(resources);
    const leaseState = await lock.acquire(settings, (granted) => granted);
    const lease = new LockLease(lock, leaseState);
    const { signal } = settings;
    if (signal?.aborted) leaseState.abort(signal.reason);
    const unlisten = signal && onAbort(signal, (reason) => leaseState.abort(reason));
    // A listener of `acquired` may have blocked for longer than the lease lasts.
    lock.checkHeld(leaseState);
    try {
      const result = await job(lease);
      if (settings.rejectOnLoss && !lock.checkHeld(leaseState)) throwIfLost(leaseState, result);
      return result;
    } finally {
      unlisten?.();
      await lease.release();
    }
  }

  handle(resources: Resources, options?: AcquireOptions): Handle<FencedLease> {
    this.#factory.settings(options);
    const lock = this.#factory.lock(resources);
    return new LockHandle(lock, (more) => this.#factory.settings(options, more));
  }

  election(name: string, options?: ElectionOptions): ManagedElection {
    return this.#elections.open(name, options);
  }

  async adopt(handover: string, options?: AcquireOptions): Promise<FencedLease> {
    const handedOver = readHandover(handover);
    const { ttl, rest } = handedOver;
    // The lease goes on, so that the default of this process for new leases does not apply.
    const settings = coverHold(this.#factory.settings({ ttl, holdAtLeast: 0 }, options), rest);
    const lock = this.#factory.lock(handedOver.resources);
    return lock.acquire(settings, (leaseState) => new LockLease(lock, leaseState), {
      kind: "handover",
      ...handedOver,
    });
  }

  async ready(options: { readonly timeout?: number | undefined } = {}): Promise<void> {
    checkKnown("ready", options);
    const { timeout = this.#manager.context.connectTimeout } = options;
    await this.#manager.ready(checkDuration("timeout", timeout, 0, true));
  }

  inspect(resource: string): Promise<Inspection> {
    return this.#manager.inspect(resource);
  }

  async close(options: { readonly timeout?: number | undefined } = {}): Promise<void> {
    checkKnown("close", options);
    const { timeout = defaultCloseTimeout } = options;
    await this.#manager.close(checkDuration("timeout", timeout, 0, true));
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#manager.context.events.on(name, listener);
    return this;
  }

  once<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#manager.context.events.once(name, listener);
    return this;
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#manager.context.events.off(name, listener);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #acquire(resources: Resources, settings: Settings): Promise<FencedLease> {
    const lock = this.#factory.lock(resources);
    return lock.acquire(settings, (leaseState) => new LockLease(lock, leaseState));
  }
}
