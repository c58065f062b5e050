import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Redis } from "ioredis";
import { sharedServers } from "../../support/shared-servers.js";
import type { Scene } from "../compare.js";
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

export interface Face {
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
export const original = require("redlock-4") as Face;
export const { using } = require("bluebird") as Bluebird;

export type Setting = Scene<Face>;

/** One attempt, so that what fails does so at once. */
export const once = { retryCount: 0, retryDelay: 10, retryJitter: 0 };
export const long = 60_000;

/** Three servers, and what a program makes of them first. */
export async function three(scene: Setting, options: object = once) {
  const clients = await scene.clients(3);
  return { clients, redlock: new scene.face(clients, options), key: scene.key() };
}

/** On how many of the servers each key is. */
export const counts = (clients: readonly Redis[], ...keys: string[]) =>
  Promise.all(keys.map((key) => count(clients, key)));

export interface NodeRedis3 extends EventEmitter {
  readonly connected: boolean;
  end(flush: boolean): void;
}

/** As the documentation makes its clients: not connected yet. */
export function nodeRedis3(scene: Setting, count: number): NodeRedis3[] {
  const { createClient } = require("redis-3") as {
    createClient(port: number, host: string): NodeRedis3;
  };
  const clients = sharedServers()
    .slice(0, count)
    .map(({ port }) => createClient(port, "127.0.0.1"));
  scene.later(() => clients.forEach((client) => void client.end(false)));
  return clients;
}

/** What a failed call tells its user. */
export const told = (scene: Setting, error: unknown) => {
  const { name, message, attempts } = error as Error & { attempts?: number };
  return { name, message: scene.plain(message), attempts };
};
export const failure = (scene: Setting, promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => told(scene, error),
  );

/** Clients, of which the first so many have lost their connection for good. */
export async function cutOff(scene: Setting, count: number, options: object = once) {
  const made = await three(scene, options);
  const heard: Error[] = [];
  made.redlock.on("clientError", (error) => heard.push(error));
  const [dead, alive] = [made.clients.slice(0, count), made.clients.slice(count)];
  return { ...made, heard, alive, cut: () => dead.forEach((client) => void client.disconnect()) };
}
