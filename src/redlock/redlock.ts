import { EventEmitter } from "node:events";
import { locksOf } from "../api/managed-locks.js";
import type { Handle, Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { isolate } from "../support/safe-emitter.js";
import { distinct, resourcesOf } from "./call-context.js";
import type { Disposer } from "./disposer.js";
import { ClientError, ExecutionError, LockError, ResourceLockedError } from "./errors.js";
import { HeldLocks } from "./held-locks.js";
import { type ClassicLock, isClassic, Lock } from "./lock.js";
import { NodeRedlock } from "./node-redlock.js";
import { isCallback, nodeify } from "./nodeify.js";
import { Redlock4 } from "./redlock-4.js";
import { Redlock5 } from "./redlock-5.js";
import { readOptions, usualSettings } from "./settings.js";
import type {
  Callback,
  Client,
  ExecutionResult,
  Options,
  RedlockAbortSignal,
  RedlockEvents,
  Settings,
} from "./types.js";
import { IoredisClient, RedisjsClient, unwrap } from "./wrappers.js";

/**
 * Redlock as programs of `redlock` 4, `redlock` 5 and `node-redlock` know it, on Holdfast's locks. Each call behaves as
 * in the package it comes from; where packages share a name, its arguments tell (docs/migrating.md has the table).
 */
export class Redlock extends EventEmitter<RedlockEvents> {
  static readonly Redlock = Redlock;
  static readonly default = Redlock;
  static readonly Lock = Lock;
  static readonly LockError = LockError;
  static readonly ExecutionError = ExecutionError;
  static readonly ResourceLockedError = ResourceLockedError;
  static readonly ClientError = ClientError;
  static readonly IoredisClient = IoredisClient;
  static readonly RedisjsClient = RedisjsClient;

  /** As they were given; for an address, its node's name. */
  readonly clients: Set<Client>;
  /** What applies where a call says nothing else. */
  readonly settings: Settings;
  /** The same locks by Holdfast's own interface: their events, `inspect`, and more of them. */
  readonly locks: Locks;
  /** Not shown with the rest, and there behind a Proxy too. */
  declare private readonly inner: Inner;

  /** As in redlock 4 and 5. @throws Error without clients, DuplicateNodeError, InvalidOptionError. */
  constructor(clients: Iterable<Client>, options?: Options, scripts?: object);
  /** As in node-redlock: so many attempts, ms between them, and the share of the ttl that clocks may disagree by. */
  constructor(clients: Iterable<Client>, retryCount?: number, retryDelay?: number, driftFactor?: number);
  constructor(clients: Iterable<Client>, first?: Options | number, second?: unknown, third?: unknown) {
    super();
    const list = listOf(clients);
    const [given, more] = readOptions(first, second, third);
    this.settings = Object.freeze({ ...usualSettings, ...given });
    const { driftFactor } = this.settings;
    const keep = (some: readonly Client[]) =>
      new HeldLocks({ nodes: some.map(unwrap), driftFactor, ...more });
    const heldLocks = keep(list);
    this.locks = locksOf(heldLocks.manager);
    const { members } = heldLocks.manager.context.engine;
    // An address may contain a password: its node's name stands for it.
    const shown = list.map((client, index) => (typeof client === "string" ? members[index]?.name : client));
    this.clients = new Set(shown);
    const byName = new Map(members.map(({ name }, index) => [name, shown[index]]));
    const desk = { redlock: this, heldLocks, clients: byName };
    const inner: Inner = {
      heldLocks,
      keep,
      nodeRedlock: new NodeRedlock(desk, given),
      redlock4: new Redlock4(desk, given),
      redlock5: new Redlock5(desk, given),
      alone: new Map(),
      given: new Map(list.map((client, index) => [shown[index], client])),
    };
    Object.defineProperty(this, "inner", { value: inner });
  }

  // As in redlock 4, whose programs read them.

  get servers(): Client[] {
    return [...this.clients];
  }

  declare driftFactor: number;
  declare retryCount: number;
  declare retryDelay: number;
  declare retryJitter: number;

  static {
    for (const name of ["driftFactor", "retryCount", "retryDelay", "retryJitter"] as const) {
      Object.defineProperty(Redlock.prototype, name, {
        get(this: Redlock) {
          return this.settings[name];
        },
        set(value: unknown) {
          const allowed = "given to the constructor or to a call: it cannot be changed later";
          throw new InvalidOptionError(name, value, allowed);
        },
      });
    }
  }

  /** As in redlock 4: `lock` by its other name. */
  acquire(resource: string, ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
  acquire(resources: string[], ttl: number, callback: Callback<ClassicLock>): Promise<ClassicLock>;
  /** As in redlock 5. `duration`: whole ms. @throws ExecutionError. */
  acquire(resources: string[], duration: number, settings?: Partial<Settings>): Promise<Lock>;
  acquire(resources: string | string[], ttl: number, more?: unknown): Promise<Lock | ClassicLock> {
    return Array.isArray(resources) && !isCallback(more)
      ? this.inner.redlock5.acquire(resources, ttl, more)
      : this.lockWithOptions(resources, ttl, more as Callback<ClassicLock>);
  }

  /** As in redlock 4: one resource, or several at once. `ttl`: whole ms. @throws LockError. */
  lock(resource: string | string[], ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock> {
    return this.lockWithOptions(resource, ttl, callback);
  }

  /** As in redlock 4: `lock` with settings of its own. */
  lockWithOptions(
    resource: string | string[],
    ttl: number,
    options?: Partial<Settings> | Callback<ClassicLock>,
    callback?: Callback<ClassicLock>,
  ): Promise<ClassicLock> {
    const locked = this.inner.redlock4.lock(resource, ttl, settingsIn(options));
    return nodeify(locked, callback ?? callbackIn(options));
  }

  acquireWithOptions(
    resource: string | string[],
    ttl: number,
    options?: Partial<Settings> | Callback<ClassicLock>,
    callback?: Callback<ClassicLock>,
  ): Promise<ClassicLock> {
    return this.lockWithOptions(resource, ttl, options, callback);
  }

  /** As in redlock 4: what bluebird's `using` takes; `errorHandler` hears why a release failed. */
  disposer(
    resource: string | string[],
    ttl: number,
    errorHandler?: (error: unknown) => void,
  ): Promise<Disposer> {
    return this.inner.redlock4.disposer(resource, ttl, errorHandler);
  }

  /** As in redlock 4. @throws LockError when too few nodes could be reached to say that it is released. */
  unlock(lock: Lock | ClassicLock, callback?: Callback<void>): Promise<void> {
    return nodeify(this.inner.redlock4.unlock(lock), callback);
  }

  /** As in the package whose call gave the lock. @throws ExecutionError or LockError when too few nodes could be reached. */
  release(lock: Lock, settings?: Partial<Settings> | Callback<ExecutionResult>): Promise<ExecutionResult>;
  release(lock: ClassicLock, callback?: Callback<void>): Promise<void>;
  release(lock: Lock | ClassicLock, more?: unknown): Promise<unknown> {
    if (!isClassic(lock)) {
      return nodeify(this.inner.redlock5.release(lock, settingsIn(more)), callbackIn<ExecutionResult>(more));
    }
    return nodeify(this.inner.redlock4.unlock(lock, settingsIn(more)), callbackIn<void>(more));
  }

  /**
   * As in the package whose call gave the lock: as in redlock 4 it changes the lock and resolves with it, else it
   * resolves with another lock. `duration`: whole ms from now. @throws LockError or ExecutionError.
   */
  extend(lock: Lock, duration: number, settings?: Partial<Settings> | Callback<Lock>): Promise<Lock>;
  extend(lock: ClassicLock, ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
  extend(lock: Lock | ClassicLock, duration: number, more?: unknown): Promise<Lock | ClassicLock> {
    const settings = settingsIn(more);
    const extended: Promise<Lock | ClassicLock> = isClassic(lock)
      ? this.inner.redlock4.extend(lock, duration, settings)
      : this.inner.redlock5.extend(lock, duration, settings);
    return nodeify(extended, callbackIn(more));
  }

  /** As in node-redlock. @throws Error when the lock could not be had. */
  using<T>(
    resource: string,
    ttl: number,
    routine: (lock: Lock, signal: RedlockAbortSignal) => Promise<T>,
    options?: { readonly autoExtend?: boolean },
  ): Promise<T>;
  /** As in redlock 5; but what comes out is the routine's own value or error, also when the lock was lost under it. */
  using<T>(
    resources: string[],
    duration: number,
    settings: Partial<Settings>,
    routine?: (signal: RedlockAbortSignal) => Promise<T>,
  ): Promise<T>;
  using<T>(
    resources: string[],
    duration: number,
    routine: (signal: RedlockAbortSignal) => Promise<T>,
  ): Promise<T>;
  using<T>(resources: string | string[], duration: number, third: unknown, fourth?: unknown): Promise<T> {
    if (typeof resources === "string" && !isCallback(fourth)) {
      type Routine = Parameters<NodeRedlock["using"]>[2];
      return this.inner.nodeRedlock.using(
        resources,
        duration,
        third as Routine,
        fourth as object,
      ) as Promise<T>;
    }
    type Routine = (signal: RedlockAbortSignal) => Promise<T>;
    const list = [resources].flat();
    return isCallback(third)
      ? this.inner.redlock5.using(list, duration, undefined, (fourth ?? third) as Routine)
      : this.inner.redlock5.using(list, duration, third, fourth as Routine);
  }

  /** As in node-redlock. Null when it could not be had. `ttl`: whole ms. */
  acquireLock(resource: string, ttl: number): Promise<Lock | null> {
    return this.inner.nodeRedlock.acquireLock(resource, ttl);
  }

  /** As in node-redlock: `retryStrategy` is given the number of the attempt that failed, from 0, and says for how many ms to wait. */
  acquireLockWithCustomRetry(
    resource: string,
    ttl: number,
    retryStrategy: (attempt: number) => number,
  ): Promise<Lock | null> {
    return this.inner.nodeRedlock.acquireLockWithCustomRetry(resource, ttl, retryStrategy);
  }

  /**
   * As in node-redlock: one attempt, in the name of a value that nobody else may use. Resolves with the number of
   * clients that granted it; where that is no quorum, they have been told to give it back.
   */
  tryAcquire(resource: string, value: string, ttl: number): Promise<number> {
    return this.inner.nodeRedlock.tryAcquire(resource, value, ttl);
  }

  /** As in node-redlock: `tryAcquire` on one client alone. */
  async acquireLockInstance(client: Client, resource: string, value: string, ttl: number): Promise<boolean> {
    return (await this.inner.nodeRedlock.tryAcquire(resource, value, ttl, this.keeperOf(client))) === 1;
  }

  /** As in node-redlock: how many keys were removed, on one client alone. */
  async releaseLockInstance(client: Client, lock: Pick<Lock, "resource" | "value">): Promise<number> {
    resourcesOf(lock);
    return this.inner.nodeRedlock.releaseOn(this.keeperOf(client), lock.resource, lock.value);
  }

  /** As in node-redlock, also from another process: whether a quorum still held it, and holds it for `ttl` ms from now. */
  renewLock(resource: string, value: string, ttl: number): Promise<boolean> {
    return this.inner.nodeRedlock.renewLock(resource, value, ttl);
  }

  /** As in node-redlock, also from another process. */
  releaseLock(resource: string, value: string): Promise<void> {
    return this.inner.nodeRedlock.releaseLock(resource, value);
  }

  /** The state machine behind a lock that is held here; null for any other. */
  handle(lock: Pick<Lock, "value"> & Partial<Pick<Lock, "resource" | "resources">>): Handle | null {
    const held = this.inner.heldLocks.find(distinct(resourcesOf(lock)), lock.value);
    return held && this.inner.heldLocks.handleOf(held);
  }

  /**
   * As in redlock 4 and 5: ends what waits, and quits every client that can. What is held is not released: it is left
   * to its ttl. Resolves with what the clients' `quit()` gave.
   */
  // biome-ignore lint/suspicious/noExplicitAny: programs of redlock 5 declare it as void.
  quit(callback?: Callback<any>): Promise<any> {
    return nodeify(this.quitAll(), callback);
  }

  /** Listeners harm nobody: each is called, whatever the others throw, and `error` needs none. */
  override emit<Name>(
    event: Name | keyof RedlockEvents,
    ...values: Name extends keyof RedlockEvents ? RedlockEvents[Name] : never
  ): boolean {
    const listeners = this.rawListeners(event as keyof RedlockEvents);
    const monitors = event === "error" ? this.rawListeners(EventEmitter.errorMonitor as never) : [];
    const { onListenerError } = this.inner.heldLocks.manager.context;
    for (const listener of [...monitors, ...listeners]) {
      isolate(() => Reflect.apply(listener, this, values), String(event), onListenerError);
    }
    return listeners.length > 0;
  }

  private async quitAll(): Promise<unknown[]> {
    const keepers = [this.inner.heldLocks, ...this.inner.alone.values()];
    await Promise.all(keepers.map(({ manager }) => manager.close(0)));
    return Promise.all(this.servers.map((client) => unwrapped(client).quit?.()));
  }

  private keeperOf(client: Client): HeldLocks {
    const { alone, given, keep, heldLocks } = this.inner;
    heldLocks.manager.checkOpen();
    const node = unwrap(given.get(client) ?? client);
    const known = alone.get(node) ?? keep([node]);
    alone.set(node, known);
    return known;
  }
}

/** What the class does its work with. */
interface Inner {
  readonly heldLocks: HeldLocks;
  keep(clients: readonly Client[]): HeldLocks;
  readonly nodeRedlock: NodeRedlock;
  readonly redlock4: Redlock4;
  readonly redlock5: Redlock5;
  /** For the calls that concern one client. */
  readonly alone: Map<unknown, HeldLocks>;
  /** The clients as they were given, by what is shown of them. */
  readonly given: ReadonlyMap<Client, Client>;
}

/** What stands in a callback's place and is none is taken for settings. */
const settingsIn = (value: unknown): unknown => (isCallback(value) ? undefined : value);

const callbackIn = <T>(value: unknown): Callback<T> | undefined =>
  isCallback(value) ? (value as Callback<T>) : undefined;

const unwrapped = (client: Client): { quit?: () => unknown } =>
  typeof client === "string" ? {} : unwrap(client);

function listOf(clients: unknown): Client[] {
  if (clients === undefined || clients === null) return listOf([]);
  if (typeof clients === "string" || typeof (clients as Iterable<Client>)[Symbol.iterator] !== "function") {
    throw new InvalidOptionError("clients", clients, "a list of clients");
  }
  const list = [...(clients as Iterable<Client>)];
  if (list.length === 0) throw new Error("Redlock must be instantiated with at least one redis client.");
  return list;
}
