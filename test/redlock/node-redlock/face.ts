import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { createClient } from "redis";
import { sharedServers } from "../../support/shared-servers.js";
import type { Scene } from "../compare.js";

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

export interface Face {
  readonly Redlock: new (
    clients: readonly unknown[],
    retryCount?: number,
    retryDelay?: number,
    driftFactor?: number,
  ) => Locker;
  readonly IoredisClient: new (client: unknown) => Reader;
  readonly RedisjsClient: new (client: unknown) => Reader;
}

// The package is published as sources only. The names are held in variables so that its types are not checked here.
const parts = ["redlock", "IoRedisClient", "RedisJsClient"].map((part) => `node-redlock/${part}.ts`);
export const original = Object.assign({}, ...(await Promise.all(parts.map((part) => import(part))))) as Face;

export type Setting = Scene<Face>;
export type Outcome = { value?: unknown; error?: string };
export const long = 60_000;

/** Three servers over ioredis, as in the documentation; one attempt, so that what fails does so at once. */
export async function three(scene: Setting, retryCount = 1, retryDelay = 10) {
  const servers = await scene.clients(3);
  const clients = servers.map((server) => new scene.face.IoredisClient(server));
  const redlock = new scene.face.Redlock(clients, retryCount, retryDelay);
  return { servers, clients, redlock, key: scene.key(), heard: listen(scene, redlock) };
}

/** Connected node-redis clients of the shared servers from this one on. */
export async function nodeRedis(scene: Setting, first: number, end: number) {
  const servers = sharedServers().slice(first, end);
  return Promise.all(
    servers.map(async ({ url }) => {
      const client = createClient({ url });
      client.on("error", () => {});
      // It lets the commands end that the original does not wait for.
      scene.later(() => client.close());
      await client.connect();
      return client;
    }),
  );
}

/** The documented interface, put around any client by hand; answers may take their time. */
export function byHand(servers: readonly Redis[], delay = 0): Client[] {
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

/** Every event in its order, in plain data. */
export function listen(scene: Setting, redlock: Locker): unknown[][] {
  const heard: unknown[][] = [];
  for (const event of ["acquired", "released", "renewed"]) {
    redlock.on(event, ({ resource, ttl }) => {
      heard.push([event, scene.plain(resource), ttl > Date.now() ? "a deadline" : ttl]);
    });
  }
  for (const event of ["clientError", "error"]) {
    redlock.on(event, (error) => heard.push([event, scene.plain(error.message)]));
  }
  return heard;
}

export const only = (heard: readonly unknown[][], event: string) => heard.filter(([name]) => name === event);
/** Whether a key has about so many ms left; the servers' clocks step in whole ms. */
export const near = (ttl: number) => (ms: number) => ms > ttl - 1_000 && ms <= ttl + 10;
export const show = (lock: Lock | null) => (lock === null ? null : "locked");
