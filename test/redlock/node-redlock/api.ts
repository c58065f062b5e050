import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { createClient } from "redis";
import { sharedServers } from "../../support/shared-servers.js";
import type { CaseContext } from "../compare.js";

export interface Lock {
  readonly resource: string;
  readonly value: string;
  readonly ttl: number;
}

export interface Client {
  set(key: string, value: string, options: { NX: boolean; PX: number }): Promise<string | null>;
  eval(script: string, keys: string[], args: string[]): Promise<number>;
}

interface Reader extends Client {
  get(key: string): Promise<string | null>;
  getTTL(key: string): Promise<number>;
}

export interface Locker {
  acquireLock(resource: string, ttl: number): Promise<Lock | null>;
  acquireLockWithCustomRetry(
    resource: string,
    ttl: number,
    strategy: (attempt: number) => number,
  ): Promise<Lock | null>;
  tryAcquire(resource: string, value: string, ttl: number): Promise<number>;
  acquireLockInstance(client: unknown, resource: string, value: string, ttl: number): Promise<boolean>;
  releaseLockInstance(client: unknown, lock: Partial<Lock>): Promise<number>;
  releaseLock(resource: string, value: string): Promise<void>;
  renewLock(resource: string, value: string, ttl: number): Promise<boolean>;
  using<T>(
    resource: string,
    ttl: number,
    routine: (lock: Lock, ...rest: unknown[]) => T,
    options?: { autoExtend?: boolean },
  ): Promise<Awaited<T>>;
  sleep(ms: number): Promise<void>;
  on(event: string, listener: (payload: Lock & Error) => void): Locker;
}

export interface Api {
  readonly Redlock: new (
    clients: readonly unknown[],
    retryCount?: number,
    retryDelay?: number,
    driftFactor?: number,
  ) => Locker;
  readonly IoredisClient: new (client: unknown) => Reader;
  readonly RedisjsClient: new (client: unknown) => Reader;
}

// The package is published as sources only. Variables hold the names, so that the package's types are not checked here.
const parts = ["redlock", "IoRedisClient", "RedisJsClient"].map((part) => `node-redlock/${part}.ts`);
export const original = Object.assign({}, ...(await Promise.all(parts.map((part) => import(part))))) as Api;

export type Setting = CaseContext<Api>;
export type Outcome = { value?: unknown; error?: string };
export const long = 60_000;

/** Three servers over ioredis, as in the documentation; one attempt, so that a failure is immediate. */
export async function three(context: Setting, retryCount = 1, retryDelay = 10) {
  const servers = await context.clients(3);
  const clients = servers.map((server) => new context.api.IoredisClient(server));
  const redlock = new context.api.Redlock(clients, retryCount, retryDelay);
  return { servers, clients, redlock, key: context.key(), emitted: listen(context, redlock) };
}

/** Connected node-redis clients of the shared servers from `first` to `end`. */
export async function nodeRedis(context: Setting, first: number, end: number) {
  const servers = sharedServers().slice(first, end);
  return Promise.all(
    servers.map(async ({ url }) => {
      const client = createClient({ url });
      client.on("error", () => {});
      // close() lets the commands finish that the original does not wait for.
      context.later(() => client.close());
      await client.connect();
      return client;
    }),
  );
}

/** The documented client interface, implemented by hand; answers may be delayed. */
export function customClients(servers: readonly Redis[], delay = 0): Client[] {
  const answer = () => (delay > 0 ? sleep(delay) : undefined);
  return servers.map(
    (server): Client => ({
      async set(key, value, { PX }) {
        const result = await server.set(key, value, "PX", PX, "NX");
        await answer();
        return result;
      },
      async eval(script, keys, args) {
        const result = await server.eval(script, keys.length, ...keys, ...args);
        await answer();
        return result as number;
      },
    }),
  );
}

/** Records every event in order, in plain data. */
export function listen(context: Setting, redlock: Locker): unknown[][] {
  const emitted: unknown[][] = [];
  for (const event of ["acquired", "released", "renewed"]) {
    redlock.on(event, ({ resource, ttl }) => {
      emitted.push([event, context.plain(resource), ttl > Date.now() ? "a deadline" : ttl]);
    });
  }
  for (const event of ["clientError", "error"]) {
    redlock.on(event, (error) => emitted.push([event, context.plain(error.message)]));
  }
  return emitted;
}

export const only = (emitted: readonly unknown[][], event: string) =>
  emitted.filter(([name]) => name === event);
/** Whether a key has about this many ms left; the servers' clocks advance in whole ms. */
export const near = (ttl: number) => (ms: number) => ms > ttl - 1_000 && ms <= ttl + 10;
export const show = (lock: Lock | null) => (lock === null ? null : "locked");
