import { EventEmitter } from "node:events";
import { locksOf } from "../api/managed-locks.js";
import type { Handle, Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { isolate } from "../support/safe-emitter.js";
import { distinct, resourcesOf } from "./call-context.js";
import { listOf, unwrapped } from "./clients.js";
import { ClientError, ExecutionError, LockError, ResourceLockedError } from "./errors.js";
import { HeldLocks } from "./held-locks.js";
import type { Disposer, RedlockEvents, RedlockInstance } from "./interfaces.js";
import { type ClassicLock, isClassic, Lock } from "./lock.js";
import { NodeRedlock } from "./node-redlock.js";
import { callbackIn, isCallback, nodeify, settingsIn } from "./nodeify.js";
import { overrides } from "./own-methods.js";
import { Redlock4 } from "./redlock-4.js";
import { Redlock5 } from "./redlock-5.js";
import { defaultSettings, readOptions } from "./settings.js";
import type {
  Callback,
  Client,
  ClientList,
  ExecutionResult,
  GivenSettings,
  Options,
  RedlockAbortSignal,
  Settings,
} from "./types.js";
import { IoredisClient, RedisjsClient, unwrap } from "./wrappers.js";

/**
 * The Redlock class of `redlock` 4, `redlock` 5 and `node-redlock` on Holdfast's locks. Each call behaves as in its
 * package. Where packages share a name, the arguments decide (see the table in docs/migrating.md).
 */
export class Redlock extends EventEmitter<RedlockEvents> implements RedlockInstance {
  static readonly Redlock = Redlock;
  static readonly default = Redlock;
  static readonly Lock = Lock;
  static readonly LockError = LockError;
  static readonly ExecutionError = ExecutionError;
  static readonly ResourceLockedError = ResourceLockedError;
  static readonly ClientError = ClientError;
  static readonly IoredisClient = IoredisClient;
  static readonly RedisjsClient = RedisjsClient;

  readonly clients: Set<Client>;
  readonly settings: Settings;
  readonly locks: Locks;
  /** Not enumerable, and readable through a Proxy. */
  declare private readonly inner: Inner;

  /** As in redlock 4 and 5. @throws Error without clients, DuplicateNodeError, InvalidOptionError. */
  constructor(clients: ClientList, options?: Options, scripts?: object);
  /**
   * As in node-redlock: the number of attempts, ms between them, and the share of the ttl by which clocks may differ.
   */
  constructor(clients: ClientList, retryCount?: number, retryDelay?: number, driftFactor?: number);
  constructor(clients: ClientList, first?: Options | number, second?: unknown, third?: unknown) {
    super();
    const list = listOf(clients);
    const [given, more] = readOptions(first, second, third);
    this.settings = Object.freeze({ ...defaultSettings, ...given });
    const { driftFactor } = this.settings;
    const createHeldLocks = (listed: readonly Client[]) =>
      new HeldLocks({ nodes: listed.map(unwrap), driftFactor, ...more });
    const heldLocks = createHeldLocks(list);
    this.locks = locksOf(heldLocks.manager);
    const { members } = heldLocks.manager.context.engine;
    // An address may contain a password, so the node's name is shown instead.
    const shown = list.map((client, index) => (typeof client === "string" ? members[index]?.name : client));
    this.clients = new Set(shown);
    const byName = new Map(members.map(({ name }, index) => [name, shown[index]]));
    const context = { redlock: this, heldLocks, clients: byName };
    const inner: Inner = {
      heldLocks,
      createHeldLocks,
      nodeRedlock: new NodeRedlock(context, given),
      redlock4: new Redlock4(context, given),
      redlock5: new Redlock5(context, given),
      byClient: new Map(),
      given: new Map(list.map((client, index) => [shown[index], client])),
    };
    Object.defineProperty(this, "inner", { value: inner });
  }

  // As in redlock 4, whose programs read these properties.

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

  acquire(resource: string, ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
  acquire(resources: string[], ttl: number, callback: Callback<ClassicLock>): Promise<ClassicLock>;
  acquire(resources: string[], duration: number, settings?: GivenSettings): Promise<Lock>;
  acquire(resources: string | string[], ttl: number, more?: unknown): Promise<Lock | ClassicLock> {
    return Array.isArray(resources) && !isCallback(more)
      ? this.inner.redlock5.acquire(resources, ttl, more)
      : this.lockClassic(resources, ttl, more);
  }

  lock(resource: string | string[], ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock> {
    return this.lockClassic(resource, ttl, callback);
  }

  lockWithOptions(
    resource: string | string[],
    ttl: number,
    options?: GivenSettings | Callback<ClassicLock>,
    callback?: Callback<ClassicLock>,
  ): Promise<ClassicLock> {
    return this.lockClassic(resource, ttl, options, callback);
  }

  acquireWithOptions(
    resource: string | string[],
    ttl: number,
    options?: GivenSettings | Callback<ClassicLock>,
    callback?: Callback<ClassicLock>,
  ): Promise<ClassicLock> {
    return this.lockClassic(resource, ttl, options, callback);
  }

  disposer(
    resource: string | string[],
    ttl: number,
    errorHandler?: (error: unknown) => void,
  ): Promise<Disposer> {
    return this.inner.redlock4.disposer(resource, ttl, errorHandler);
  }

  unlock(lock: Lock | ClassicLock, callback?: Callback<void>): Promise<void> {
    return nodeify(this.inner.redlock4.unlock(lock), callback);
  }

  release(lock: Lock, settings?: GivenSettings | Callback<ExecutionResult>): Promise<ExecutionResult>;
  release(lock: ClassicLock, callback?: Callback<void>): Promise<void>;
  release(lock: Lock | ClassicLock, more?: unknown): Promise<unknown> {
    if (!isClassic(lock)) {
      return nodeify(this.inner.redlock5.release(lock, settingsIn(more)), callbackIn<ExecutionResult>(more));
    }
    return nodeify(this.inner.redlock4.unlock(lock, settingsIn(more)), callbackIn<void>(more));
  }

  extend(lock: Lock, duration: number, settings?: GivenSettings | Callback<Lock>): Promise<Lock>;
  extend(lock: ClassicLock, ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
  extend(lock: Lock | ClassicLock, duration: number, more?: unknown): Promise<Lock | ClassicLock> {
    const settings = settingsIn(more);
    const extended: Promise<Lock | ClassicLock> = isClassic(lock)
      ? this.inner.redlock4.extend(lock, duration, settings)
      : this.inner.redlock5.extend(lock, duration, settings);
    return nodeify(extended, callbackIn(more));
  }

  using<T>(
    resource: string,
    ttl: number,
    routine: (lock: Lock, signal: RedlockAbortSignal) => Promise<T>,
    options?: { readonly autoExtend?: boolean | undefined },
  ): Promise<T>;
  using<T>(
    resources: string[],
    duration: number,
    settings: GivenSettings,
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
        overrides(this, Redlock.prototype, ["acquireLock", "renewLock", "releaseLock"]) ? this : null,
      ) as Promise<T>;
    }
    type Routine = (signal: RedlockAbortSignal) => Promise<T>;
    const list = [resources].flat();
    const [settings, routine] = isCallback(third) ? [undefined, fourth ?? third] : [third, fourth];
    const instance = overrides(this, Redlock.prototype, ["acquire", "extend", "release"]) ? this : null;
    return this.inner.redlock5.using(list, duration, settings, routine as Routine, instance);
  }

  acquireLock(resource: string, ttl: number): Promise<Lock | null> {
    return this.inner.nodeRedlock.acquireLock(resource, ttl);
  }

  acquireLockWithCustomRetry(
    resource: string,
    ttl: number,
    retryStrategy: (attempt: number) => number,
  ): Promise<Lock | null> {
    return this.inner.nodeRedlock.acquireLockWithCustomRetry(resource, ttl, retryStrategy);
  }

  tryAcquire(resource: string, value: string, ttl: number): Promise<number> {
    return this.inner.nodeRedlock.tryAcquire(resource, value, ttl);
  }

  async acquireLockInstance(client: Client, resource: string, value: string, ttl: number): Promise<boolean> {
    return (await this.inner.nodeRedlock.tryAcquire(resource, value, ttl, this.heldLocksOf(client))) === 1;
  }

  async releaseLockInstance(client: Client, lock: Pick<Lock, "resource" | "value">): Promise<number> {
    resourcesOf(lock);
    return this.inner.nodeRedlock.releaseOn(this.heldLocksOf(client), lock.resource, lock.value);
  }

  renewLock(resource: string, value: string, ttl: number): Promise<boolean> {
    return this.inner.nodeRedlock.renewLock(resource, value, ttl);
  }

  releaseLock(resource: string, value: string): Promise<void> {
    return this.inner.nodeRedlock.releaseLock(resource, value);
  }

  handle(lock: Pick<Lock, "value"> & Partial<Pick<Lock, "resource" | "resources">>): Handle | null {
    const held = this.inner.heldLocks.find(distinct(resourcesOf(lock)), lock.value);
    return held && this.inner.heldLocks.handleOf(held);
  }

  // biome-ignore lint/suspicious/noExplicitAny: programs of redlock 5 declare it as void.
  quit(callback?: Callback<any>): Promise<any> {
    return nodeify(this.quitAll(), callback);
  }

  /** Isolates listeners: each is called even if another throws, and an `error` event needs no listener. */
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
    const all = [this.inner.heldLocks, ...this.inner.byClient.values()];
    await Promise.all(all.map(({ manager }) => manager.close(0)));
    return Promise.all(this.servers.map((client) => unwrapped(client).quit?.()));
  }

  /** Of the calls with this name, none calls another: a subclass may override several. */
  private lockClassic(
    resource: string | string[],
    ttl: number,
    options?: unknown,
    callback?: Callback<ClassicLock>,
  ): Promise<ClassicLock> {
    const locked = this.inner.redlock4.lock(resource, ttl, settingsIn(options));
    return nodeify(locked, callback ?? callbackIn(options));
  }

  private heldLocksOf(client: Client): HeldLocks {
    const { byClient, given, createHeldLocks, heldLocks } = this.inner;
    heldLocks.manager.factory.checkOpen();
    const node = unwrap(given.get(client) ?? client);
    if (!byClient.has(node)) byClient.set(node, createHeldLocks([node]));
    return byClient.get(node) as HeldLocks;
  }
}

interface Inner {
  readonly heldLocks: HeldLocks;
  createHeldLocks(clients: readonly Client[]): HeldLocks;
  readonly nodeRedlock: NodeRedlock;
  readonly redlock4: Redlock4;
  readonly redlock5: Redlock5;
  /** By client, for the calls that concern a single client. */
  readonly byClient: Map<unknown, HeldLocks>;
  /** The clients as given to the constructor, by the value shown in `clients`. */
  readonly given: ReadonlyMap<Client, Client>;
}
