import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis-5";
import { onTestFinished } from "vitest";
import { markerKey, sideKeysOf } from "../../src/engine/protocol/side-keys.js";
import { createLocks, type Locks, type LocksOptions } from "../../src/index.js";
import { groupingOption } from "../support/grouping.js";
import { giveMemory } from "../support/memory.js";
import { callRedis, type RedisServer, type ServerOptions, startServer } from "../support/servers.js";
import { type SharedServer, sharedServers } from "../support/shared-servers.js";
import { startAll, stopAll } from "../support/start-all.js";

const HOST = "127.0.0.1";

/** Names nobody else's test uses: files run at the same time on the same servers. */
export const uniqueName = (): string => `locks-${randomUUID().slice(0, 8)}:`;

export type Ported = { readonly port: number };

/** The shared ones, as many as there are: global-setup.ts starts five, which their type cannot tell. */
export const fiveServers = () =>
  sharedServers() as unknown as readonly [
    SharedServer,
    SharedServer,
    SharedServer,
    SharedServer,
    SharedServer,
  ];

/** Servers of one's own, to be hurt; gone with the test. */
export async function ownServers(count: number, options?: ServerOptions): Promise<RedisServer[]> {
  const servers = await startAll(Array.from({ length: count }, () => () => startServer(options)));
  onTestFinished(() => stopAll(servers));
  const password = options?.password;
  await Promise.all(servers.map(({ port }) => giveMemory(port, password === undefined ? {} : { password })));
  return servers;
}

/** Locks that are closed at the end of the test, whatever it came to. */
export function locksOf(nodes: LocksOptions["nodes"], options: Omit<LocksOptions, "nodes"> = {}): Locks {
  const locks = createLocks({ ...groupingOption(), nodes, ...options });
  onTestFinished(() => locks.close({ timeout: 500 }));
  return locks;
}

/** Without what this version's types cannot take back as an option. */
type IoredisOptions = Omit<import("ioredis").RedisOptions, "replyMapping">;
type NodeRedisOptions = NonNullable<Parameters<typeof createClient>[0]>;
type NodeRedis5Options = NonNullable<Parameters<typeof createClient5>[0]>;

/** Clients as users have them, gone with the test. */
export const clients = {
  ioredis(port: number, options: IoredisOptions = {}): Redis {
    const client = new Redis(port, HOST, options);
    client.on("error", () => {});
    onTestFinished(() => client.disconnect());
    return client;
  },
  ioredis5(port: number, options: import("ioredis-5").RedisOptions = {}): Redis5 {
    const client = new Redis5(port, HOST, options);
    client.on("error", () => {});
    onTestFinished(() => client.disconnect());
    return client;
  },
  /** Not connected yet. */
  nodeRedis(port: number, options: NodeRedisOptions = {}) {
    const client = createClient({ socket: { host: HOST, port }, ...options });
    client.on("error", () => {});
    onTestFinished(() => {
      if (client.isOpen) client.destroy();
    });
    return client;
  },
  /** Not connected yet. */
  nodeRedis5(port: number, options: NodeRedis5Options = {}) {
    const client = createClient5({ socket: { host: HOST, port }, ...options });
    client.on("error", () => {});
    onTestFinished(() => {
      if (client.isOpen) client.destroy();
    });
    return client;
  },
  /** The two methods, and nothing else: what people wrap around any client. */
  plain(port: number, options: IoredisOptions = {}) {
    const client = clients.ioredis(port, options);
    const calls: string[] = [];
    return {
      client,
      calls,
      set(key: string, value: string, { PX = 1_000 }: { NX?: boolean; PX?: number }) {
        calls.push("set");
        return client.set(key, value, "PX", PX, "NX");
      },
      eval(script: string, keys: string[], args: string[]) {
        calls.push("eval");
        return client.eval(script, keys.length, ...keys, ...args);
      },
    };
  },
};

/** What each server stores under names that begin so. */
const watermark = sideKeysOf(false).watermark("");

export async function keysOn(servers: readonly Ported[], prefix: string): Promise<string[][]> {
  const found = await Promise.all(servers.map(({ port }) => callRedis(port, ["KEYS", `${prefix}*`])));
  // What a server remembers of itself is no lock's.
  return (found as string[][]).map((keys) => keys.filter((key) => key !== markerKey && key !== watermark));
}

/** How many keys there are with such names, on all servers together. */
export const countKeys = async (servers: readonly Ported[], prefix: string): Promise<number> =>
  (await keysOn(servers, prefix)).flat().length;

/** A key of somebody who follows the Redlock specification by hand. */
export const foreignSet = (servers: readonly Ported[], key: string, token = "foreign", ttl = 60_000) =>
  Promise.all(servers.map(({ port }) => callRedis(port, ["SET", key, token, "NX", "PX", ttl])));

/** What a promise rejected with; an error of its own if it did not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const value = await promise.then(
    (given) => new Error(`did not reject, but gave ${String(given)}`),
    (error: unknown) => error,
  );
  return value as Error & Record<string, unknown>;
}

/** ms between two looks at the clock, and those that a machine with time for this process keeps it waiting at most. */
const lagStep = 5;
const lagTolerance = 10;
/** Whoever else takes part (the client, three servers) is kept waiting as well, one after the other. */
const partners = 4;

/**
 * ms that a promise took, and what it gave. `slack`: ms that the machine may have added, by what it made this process wait
 * meanwhile; about 0 where it has time.
 */
export async function timed<T>(run: () => Promise<T>): Promise<{ value: T; ms: number; slack: number }> {
  const start = performance.now();
  let last = start;
  let lag = 0;
  const look = () => {
    const late = performance.now() - last - lagStep;
    if (late > lagTolerance) lag += late;
    last = performance.now();
  };
  const timer = setInterval(look, lagStep);
  try {
    const value = await run();
    const ms = performance.now() - start;
    look();
    return { value, ms, slack: partners * lag };
  } finally {
    clearInterval(timer);
  }
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Unhandled rejections and uncaught exceptions of this process, from now to the end of the test. */
export function strayErrors(): unknown[] {
  const strays: unknown[] = [];
  const note = (error: unknown) => strays.push(error);
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
  onTestFinished(() => {
    process.off("unhandledRejection", note);
    process.off("uncaughtException", note);
  });
  return strays;
}
