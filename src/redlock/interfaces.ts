/** The public interfaces that refer to one another: the Redlock class, its instances, and what they make. */
import type { EventEmitter } from "node:events";
import type { Handle, Locks } from "../api/types.js";
import type { ClientError, ExecutionError, LockError, ResourceLockedError } from "./errors.js";
import type {
  Callback,
  Client,
  ClientList,
  ExecutionResult,
  ExecutionStats,
  GivenSettings,
  Options,
  RedlockAbortSignal,
  Settings,
} from "./types.js";
import type { IoredisClient, RedisjsClient } from "./wrappers.js";

export type Attempts = ReadonlyArray<Promise<ExecutionStats>>;

/**
 * The locks of the three packages in one type. The own properties depend on the call that returned the lock:
 * `resources`, `value`, `attempts` and `expiration` as in redlock 5, `resource`, `value`, `expiration`, `attempts` (a
 * number) and `attemptsRemaining` as in redlock 4, or `resource`, `value` and `ttl` as in node-redlock.
 */
export interface Lock {
  readonly redlock: RedlockInstance;
  /** The locked resource. As in redlock 4, an array if the call locked several. */
  readonly resource: string;
  readonly resources: string[];
  /** The value stored in the keys: a secret, because it allows the lock to be extended and released. */
  readonly value: string;
  readonly attempts: Attempts;
  /**
   * Epoch ms: when the lock must no longer be relied on; 0 once the lock was released, or replaced by an extended lock.
   */
  expiration: number;
  /** Epoch ms, as in node-redlock: the same as `expiration`. */
  readonly ttl: number;
  release(callback?: Callback<ExecutionResult>): Promise<ExecutionResult>;
  /** `duration`: whole ms from now. */
  extend(duration: number, callback?: Callback<Lock>): Promise<Lock>;
  unlock(callback?: Callback<void>): Promise<void>;
}

/** As in redlock 4: `attempts` is the number of attempts. */
export type ClassicLock = Omit<Lock, "extend"> & {
  readonly attempts: number;
  readonly attemptsRemaining: number;
  extend(ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
};

export interface LockConstructor {
  /** As in redlock 5. A lock that another process acquired can be extended and released here. */
  new (
    redlock: RedlockInstance,
    resources: string[],
    value: string,
    attempts: Attempts,
    expiration: number,
  ): Lock;
  /** As in redlock 4. */
  new (
    redlock: RedlockInstance,
    resource: string | string[],
    value: string,
    expiration: number,
    attempts?: number,
  ): ClassicLock;
}

/** The argument of `renewed` and `released` events. */
export interface LockNotice {
  readonly resource: string;
  readonly value: string;
  /** ms for which the lock was renewed; 0 if it was released. */
  readonly ttl: number;
}

export interface RedlockEvents {
  acquired: [lock: Lock];
  renewed: [notice: LockNotice];
  released: [notice: LockNotice];
  clientError: [error: Error];
  error: [error: Error];
}

/** As in redlock 4: a resource for bluebird's `using`. */
export interface Disposer extends AsyncDisposable {
  resource(): ClassicLock;
  promise(): ClassicLock;
  tryDispose(): Promise<void>;
}

/** An instance of the Redlock class. */
export interface RedlockInstance extends EventEmitter<RedlockEvents> {
  /** The clients as given to the constructor; an address is shown as its node's name. */
  readonly clients: Set<Client>;
  /** The settings of calls that pass none. */
  readonly settings: Settings;
  /** The same locks through Holdfast's own interface: events, `inspect`, and more. */
  readonly locks: Locks;
  readonly servers: Client[];
  driftFactor: number;
  retryCount: number;
  retryDelay: number;
  retryJitter: number;
  /** As in redlock 4: the same as `lock`. */
  acquire(resource: string, ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
  acquire(resources: string[], ttl: number, callback: Callback<ClassicLock>): Promise<ClassicLock>;
  /** As in redlock 5. `duration`: whole ms. @throws ExecutionError. */
  acquire(resources: string[], duration: number, settings?: GivenSettings): Promise<Lock>;
  /** As in redlock 4: one resource, or several at once. `ttl`: whole ms. @throws LockError. */
  lock(resource: string | string[], ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
  /** As in redlock 4: `lock` with settings for this call. */
  lockWithOptions(
    resource: string | string[],
    ttl: number,
    options?: GivenSettings | Callback<ClassicLock>,
    callback?: Callback<ClassicLock>,
  ): Promise<ClassicLock>;
  acquireWithOptions(
    resource: string | string[],
    ttl: number,
    options?: GivenSettings | Callback<ClassicLock>,
    callback?: Callback<ClassicLock>,
  ): Promise<ClassicLock>;
  /** As in redlock 4: a resource for bluebird's `using`. `errorHandler` receives the error of a failed release. */
  disposer(
    resource: string | string[],
    ttl: number,
    errorHandler?: (error: unknown) => void,
  ): Promise<Disposer>;
  /** As in redlock 4. @throws LockError when too few nodes could be reached to know that the lock is released. */
  unlock(lock: Lock | ClassicLock, callback?: Callback<void>): Promise<void>;
  /**
   * As in the package whose call returned the lock. @throws ExecutionError or LockError when too few nodes could be
   * reached.
   */
  release(lock: Lock, settings?: GivenSettings | Callback<ExecutionResult>): Promise<ExecutionResult>;
  release(lock: ClassicLock, callback?: Callback<void>): Promise<void>;
  /**
   * As in the package whose call returned the lock: as in redlock 4, changes the lock and resolves with it; otherwise
   * resolves with a new lock. `duration`: whole ms from now. @throws LockError or ExecutionError.
   */
  extend(lock: Lock, duration: number, settings?: GivenSettings | Callback<Lock>): Promise<Lock>;
  extend(lock: ClassicLock, ttl: number, callback?: Callback<ClassicLock>): Promise<ClassicLock>;
  /** As in node-redlock. @throws Error when the lock could not be acquired. */
  using<T>(
    resource: string,
    ttl: number,
    routine: (lock: Lock, signal: RedlockAbortSignal) => Promise<T>,
    options?: { readonly autoExtend?: boolean | undefined },
  ): Promise<T>;
  /** As in redlock 5, but always settles with the routine's own value or error, even if the lock was lost meanwhile. */
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
  /** As in node-redlock. Resolves with null when the lock could not be acquired. `ttl`: whole ms. */
  acquireLock(resource: string, ttl: number): Promise<Lock | null>;
  /**
   * As in node-redlock: `retryStrategy` receives the number of the failed attempt, from 0, and returns ms until the
   * next one.
   */
  acquireLockWithCustomRetry(
    resource: string,
    ttl: number,
    retryStrategy: (attempt: number) => number,
  ): Promise<Lock | null>;
  /**
   * As in node-redlock: one attempt with a value that no other caller may use. Resolves with the number of clients that
   * granted the lock; without a quorum, those grants are released.
   */
  tryAcquire(resource: string, value: string, ttl: number): Promise<number>;
  /** As in node-redlock: `tryAcquire` on one client. */
  acquireLockInstance(client: Client, resource: string, value: string, ttl: number): Promise<boolean>;
  /** As in node-redlock: releases the lock on one client. Resolves with the number of removed keys. */
  releaseLockInstance(client: Client, lock: Pick<Lock, "resource" | "value">): Promise<number>;
  /**
   * As in node-redlock, also for another process's lock. Resolves with true if a quorum held the lock, and holds it for
   * `ttl` ms from now.
   */
  renewLock(resource: string, value: string, ttl: number): Promise<boolean>;
  /** As in node-redlock, also for another process's lock. */
  releaseLock(resource: string, value: string): Promise<void>;
  /** The state machine of a lock that this instance holds; null for any other lock. */
  handle(lock: Pick<Lock, "value"> & Partial<Pick<Lock, "resource" | "resources">>): Handle | null;
  /**
   * As in redlock 4 and 5: ends waiting calls, and quits every client that has `quit()`. Held locks are not released:
   * they expire. Resolves with the results of the clients' `quit()`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: programs of redlock 5 declare it as void.
  quit(callback?: Callback<any>): Promise<any>;
}

/** The Redlock class. */
export interface RedlockConstructor {
  readonly prototype: RedlockInstance;
  readonly Redlock: RedlockConstructor;
  readonly default: RedlockConstructor;
  readonly Lock: LockConstructor;
  readonly LockError: typeof LockError;
  readonly ExecutionError: typeof ExecutionError;
  readonly ResourceLockedError: typeof ResourceLockedError;
  readonly ClientError: typeof ClientError;
  readonly IoredisClient: typeof IoredisClient;
  readonly RedisjsClient: typeof RedisjsClient;
  /** As in redlock 4 and 5. @throws Error without clients, DuplicateNodeError, InvalidOptionError. */
  new (clients: ClientList, options?: Options, scripts?: object): RedlockInstance;
  /**
   * As in node-redlock: the number of attempts, ms between them, and the share of the ttl by which clocks may differ.
   */
  new (clients: ClientList, retryCount?: number, retryDelay?: number, driftFactor?: number): RedlockInstance;
}
