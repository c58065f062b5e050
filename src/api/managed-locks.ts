import { InvalidOptionError, isHoldfastError } from "../errors.js";
import type { ManagerEvents } from "../lock/events.js";
import { checkDuration, checkKnown } from "../lock/option-checks.js";
import type { AcquireOptions } from "../lock/options.js";
import type { Settings } from "../lock/settings.js";
import type { Manager, Resources } from "../manager/manager.js";
import { readHandover } from "./handover.js";
import { LockHandle } from "./lock-handle.js";
import { LockLease } from "./lock-lease.js";
import type { FencedLease, Handle, Inspection, Locks } from "./types.js";

/** ms that `close` waits for releases by default. */
const defaultCloseTimeout = 5_000;

/** One attempt. */
const once = { retry: () => false, queued: false } satisfies Partial<Settings>;

type Job<T> = (lease: FencedLease) => T | Promise<T>;

/** The public face of a manager. */
export function locksOf(manager: Manager): Locks {
  // Which leases have a fence follows from the options of each call; only the interface can say that.
  return new ManagedLocks(manager) as Locks;
}

/** The same for every copy of the package, so that one entry point's inspector takes another one's locks. */
const managerKey: unique symbol = Symbol.for("holdfast.manager") as never;

/** What is behind the public face. @throws InvalidOptionError for anything but what `createLocks` gave. */
export function managerOf(locks: unknown): Manager {
  const found = (locks as { [managerKey]?: Manager } | null | undefined)?.[managerKey];
  if (found === undefined) throw new InvalidOptionError("locks", locks, "what createLocks gave");
  return found;
}

class ManagedLocks {
  readonly #manager: Manager;

  constructor(manager: Manager) {
    this.#manager = manager;
  }

  get [managerKey](): Manager {
    return this.#manager;
  }

  acquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease> {
    try {
      return this.#acquire(resources, this.#manager.settings(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async tryAcquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease | null> {
    try {
      return await this.#acquire(resources, { ...this.#manager.settings(options), ...once });
    } catch (error) {
      if (isHoldfastError(error, "LOCK_CONTENDED")) return null;
      throw error;
    }
  }

  using<T>(resources: Resources, job: Job<T>): Promise<T>;
  using<T>(resources: Resources, options: AcquireOptions, job: Job<T>): Promise<T>;
  async using<T>(resources: Resources, ...rest: [Job<T>] | [AcquireOptions, Job<T>]): Promise<T> {
    const [options, job] = rest.length === 1 ? [undefined, rest[0]] : rest;
    if (typeof job !== "function") throw new InvalidOptionError("job", job, "a function");
    const settings = this.#manager.settings(options);
    const lock = this.#manager.lock(resources);
    const leaseState = await lock.acquire(settings, (granted) => granted);
    const lease = new LockLease(lock, leaseState);
    const { signal } = settings;
    const onAbort = () => leaseState.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    // Whoever was told of the grant may have taken longer than it lasts.
    lock.checkHeld(leaseState);
    try {
      return await job(lease);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await lease.release();
    }
  }

  handle(resources: Resources, options?: AcquireOptions): Handle<FencedLease> {
    this.#manager.settings(options);
    const lock = this.#manager.lock(resources);
    return new LockHandle(lock, (more) => this.#manager.settings(options, more));
  }

  async adopt(handover: string, options?: AcquireOptions): Promise<FencedLease> {
    const inheritance = readHandover(handover);
    const settings = this.#manager.settings({ ttl: inheritance.ttl }, options);
    const lock = this.#manager.lock(inheritance.resources);
    return lock.acquire(settings, (leaseState) => new LockLease(lock, leaseState), {
      kind: "handover",
      ...inheritance,
    });
  }

  async ready(options: { readonly timeout?: number } = {}): Promise<void> {
    checkKnown("ready", options);
    const { timeout = this.#manager.context.connectTimeout } = options;
    await this.#manager.ready(checkDuration("timeout", timeout, 0, true));
  }

  inspect(resource: string): Promise<Inspection> {
    return this.#manager.inspect(resource);
  }

  async close(options: { readonly timeout?: number } = {}): Promise<void> {
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
    const lock = this.#manager.lock(resources);
    return lock.acquire(settings, (leaseState) => new LockLease(lock, leaseState));
  }
}
