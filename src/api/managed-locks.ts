import { Elections } from "../election/elections.js";
import type { ManagedElection } from "../election/managed-election.js";
import type { ElectionOptions } from "../election/types.js";
import { isSharedToken, type LockMode } from "../engine/protocol/token.js";
import { InvalidOptionError } from "../errors.js";
import type { ManagerEvents } from "../lock/events.js";
import { checkKnown } from "../lock/option-checks.js";
import type { AcquireOptions, UsingOptions } from "../lock/options.js";
import { coverHold } from "../lock/settings.js";
import type { LockFactory, Resources } from "../manager/lock-factory.js";
import type { Manager } from "../manager/manager.js";
import type { ManagedSemaphore } from "../semaphore/managed-semaphore.js";
import { Semaphores } from "../semaphore/semaphores.js";
import type { SemaphoreOptions } from "../semaphore/types.js";
import { bindMethods } from "../support/bind-methods.js";
import { checkDuration } from "../support/checks.js";
import { Printed } from "../support/printed.js";
import { readHandover } from "./handover.js";
import { acquireLease, runUnderLease, tryAcquireLease } from "./lock-calls.js";
import { LockHandle } from "./lock-handle.js";
import { LockLease } from "./lock-lease.js";
import type { FencedLease, Handle, Inspection, Locks } from "./types.js";

/** The default time, in ms, that `close` waits for releases. */
export const defaultCloseTimeout = 5_000;

/** The mode of the acquisition that continues the lease with this token. */
const modeOf = (token: string): LockMode => (isSharedToken(token) ? "shared" : "exclusive");

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

class ManagedLocks extends Printed {
  readonly #manager: Manager;
  readonly #factory: LockFactory;
  readonly #elections: Elections;
  readonly #semaphores: Semaphores;

  constructor(manager: Manager) {
    super();
    this.#manager = manager;
    this.#factory = manager.factory;
    this.#elections = new Elections(manager);
    this.#semaphores = new Semaphores(manager);
    bindMethods(this);
  }

  get [managersKey](): readonly [Manager] {
    return [this.#manager];
  }

  acquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease> {
    try {
      const settings = this.#factory.settings(options);
      return acquireLease(this.#factory.lock(resources, settings.mode), settings);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async tryAcquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease | null> {
    const settings = this.#factory.settings(options);
    return await tryAcquireLease(this.#factory.lock(resources, settings.mode), settings);
  }

  using<T>(resources: Resources, job: Job<T>): Promise<T>;
  using<T>(resources: Resources, options: UsingOptions, job: Job<T>): Promise<T>;
  async using<T>(resources: Resources, ...rest: [Job<T>] | [UsingOptions, Job<T>]): Promise<T> {
    const [options, job] = rest.length === 1 ? [undefined, rest[0]] : rest;
    if (typeof job !== "function") throw new InvalidOptionError("job", job, "a function");
    const settings = this.#factory.usingSettings(options);
    const lock = this.#factory.lock(resources, settings.mode);
    return await runUnderLease(lock, settings, job);
  }

  handle(resources: Resources, options?: AcquireOptions): Handle<FencedLease> {
    const { mode } = this.#factory.settings(options);
    const lock = this.#factory.lock(resources, mode);
    return new LockHandle(lock, (more) => this.#factory.settings(options, more));
  }

  election(name: string, options?: ElectionOptions): ManagedElection {
    return this.#elections.open(name, options);
  }

  semaphore(name: string, options: SemaphoreOptions): ManagedSemaphore {
    return this.#semaphores.open(name, options);
  }

  async adopt(handover: string, options?: AcquireOptions): Promise<FencedLease> {
    const handedOver = readHandover(handover);
    const { ttl, rest, token } = handedOver;
    const kept = modeOf(token);
    // The lease goes on, so that the default of this process for new leases does not apply.
    const settings = coverHold(this.#factory.settings({ ttl, holdAtLeast: 0, mode: kept }, options), rest);
    if (settings.mode !== kept) throw new InvalidOptionError("mode", settings.mode, `left out, or "${kept}"`);
    const lock = this.#factory.adopted(handedOver.resources, kept);
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

  toJSON(): object {
    return { nodes: this.#manager.lockNodes.map(({ name }) => name) };
  }
}
