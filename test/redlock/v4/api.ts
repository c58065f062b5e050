import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Redis } from "ioredis";
import { sharedServers } from "../../support/shared-servers.js";
import type { CaseContext } from "../compare.js";
import { count } from "../v4-support.js";

type Callback<T = void> = (error: (Error & { attempts?: number }) | null, value?: T) => void;

export interface Lock {
  readonly redlock: V4;
  readonly resource: readonly string[];
  readonly value: string;
  expiration: number;
  readonly attempts: number;
  readonly attemptsRemaining: number;
  unlock(callback?: Callback): Promise<unknown>;
  extend(ttl: number, callback?: Callback<Lock>): Promise<Lock>;
}

type Resource = string | readonly string[];
type Disposer = { readonly disposer: unique symbol };

interface V4 {
  readonly driftFactor: number;
  readonly retryCount: number;
  readonly retryDelay: number;
  readonly retryJitter: number;
  lock(resource: Resource, ttl: unknown, callback?: Callback<Lock>): Promise<Lock>;
  acquire(resource: Resource, ttl: number, callback?: Callback<Lock>): Promise<Lock>;
  lockWithOptions(resource: Resource, ttl: number, callback: Callback<Lock>): Promise<Lock>;
  lockWithOptions(resource: Resource, ttl: number, options: object, done?: Callback<Lock>): Promise<Lock>;
  acquireWithOptions(resource: Resource, ttl: number, options: object, done?: Callback<Lock>): Promise<Lock>;
  unlock(lock: object, callback?: Callback): Promise<unknown>;
  release(lock: object, callback?: Callback): Promise<unknown>;
  extend(lock: object, ttl: number, callback?: Callback<Lock>): Promise<Lock>;
  disposer(resource: Resource, ttl: number, errorHandler?: (error: Error) => void): Disposer;
  quit(callback?: Callback<unknown[]>): Promise<unknown[]>;
  on(event: string, listener: (error: Error) => void): V4;
  once(event: string, listener: (error: Error) => void): V4;
  off(event: string, listener: (error: Error) => void): V4;
  emit(event: string, error: Error): boolean;
  listenerCount(event: string): number;
}

export interface Api {
  new (clients: readonly unknown[], options?: object): V4;
  readonly Lock: new (redlock: V4, resource: Resource, value: string, expiration: number) => Lock;
  readonly LockError: new (message?: string, attempts?: number) => Error;
}

export interface Bluebird {
  using<T>(disposer: Disposer, run: (lock: Lock) => T): Promise<Awaited<T>>;
  using<T>(one: Disposer, two: Disposer, run: (one: Lock, two: Lock) => T): Promise<Awaited<T>>;
  using<T>(disposers: readonly Disposer[], run: (locks: readonly Lock[]) => T): Promise<Awaited<T>>;
}

const require = createRequire(import.meta.url);
export const original = require("redlock-4") as Api;
export const { using } = require("bluebird") as Bluebird;

export type Setting = CaseContext<Api>;

/** One attempt, so that a failure is immediate. */
export const once = { retryCount: 0, retryDelay: 10, retryJitter: 0 };
export const long = 60_000;

/** Three servers, and a program's first objects. */
export async function three(context: Setting, options: object = once) {
  const clients = await context.clients(3);
  return { clients, redlock: new context.api(clients, options), key: context.key() };
}

/** The number of servers that have each key. */
export const counts = (clients: readonly Redis[], ...keys: string[]) =>
  Promise.all(keys.map((key) => count(clients, key)));

export interface NodeRedis3 extends EventEmitter {
  readonly connected: boolean;
  end(flush: boolean): void;
}

/** Clients as in the documentation: not connected yet. */
export function nodeRedis3(context: Setting, count: number): NodeRedis3[] {
  const { createClient } = require("redis-3") as {
    createClient(port: number, host: string): NodeRedis3;
  };
  const clients = sharedServers()
    .slice(0, count)
    .map(({ port }) => createClient(port, "127.0.0.1"));
  context.later(() => clients.forEach((client) => void client.end(false)));
  return clients;
}

/** The properties of an error that users read. */
export const errorView = (context: Setting, error: unknown) => {
  const { name, message, attempts } = error as Error & { attempts?: number };
  return { name, message: context.plain(message), attempts };
};
export const failure = (context: Setting, promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => errorView(context, error),
  );

/** A Redlock and clients, of which `cut` disconnects the first `count` for good. */
export async function cutOff(context: Setting, count: number, options: object = once) {
  const made = await three(context, options);
  const emitted: Error[] = [];
  made.redlock.on("clientError", (error) => emitted.push(error));
  const [dead, alive] = [made.clients.slice(0, count), made.clients.slice(count)];
  return { ...made, emitted, alive, cut: () => dead.forEach((client) => void client.disconnect()) };
}
