import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis-5";
import { onTestFinished } from "vitest";
import { markerKey, setsKey, watermarkKey } from "../../src/engine/protocol/side-keys.js";
import { createLocks, type Locks, type LocksOptions } from "../../src/index.js";
import { groupingOption } from "../support/grouping.js";
import { giveMemory } from "../support/memory.js";
import { callRedis, type RedisServer, type ServerOptions, startServer } from "../support/servers.js";
import { type SharedServer, sharedServers } from "../support/shared-servers.js";
import { startAll, stopAll } from "../support/start-all.js";

const HOST = "127.0.0.1";

/** Returns a unique key prefix, because test files run at the same time on the same servers. */
export const uniqueName = (): string => `locks-${randomUUID().slice(0, 8)}:`;

export type Ported = { readonly port: number };

/** The shared servers. global-setup.ts starts five, which their type does not express. */
export const fiveServers = () =>
  sharedServers() as unknown as readonly [
    SharedServer,
    SharedServer,
    SharedServer,
    SharedServer,
    SharedServer,
  ];

/** Starts servers that the test may disturb. The servers are stopped at the end of the test. */
export async function ownServers(count: number, options?: ServerOptions): Promise<RedisServer[]> {
  const servers = await startAll(Array.from({ length: count }, () => () => startServer(options)));
  onTestFinished(() => stopAll(servers));
  const password = options?.password;
  await Promise.all(servers.map(({ port }) => giveMemory(port, password === undefined ? {} : { password })));
  return servers;
}

/** Creates a manager that is closed at the end of the test. */
export function locksOf(nodes: LocksOptions["nodes"], options: Omit<LocksOptions, "nodes"> = {}): Locks {
  const locks = createLocks({ ...groupingOption(), nodes, ...options });
  onTestFinished(() => locks.close({ timeout: 500 }));
  return locks;
}

/** The constructor of this version does not accept `replyMapping` of its own option type. */
type IoredisOptions = Omit<import("ioredis").RedisOptions, "replyMapping">;
type NodeRedisOptions = NonNullable<Parameters<typeof createClient>[0]>;
type NodeRedis5Options = NonNullable<Parameters<typeof createClient5>[0]>;

/** Clients as users create them. Each client is closed at the end of the test. */
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
  /** Returns an unconnected client. */
  nodeRedis(port: number, options: NodeRedisOptions = {}) {
    const client = createClient({ socket: { host: HOST, port }, ...options });
    client.on("error", () => {});
    onTestFinished(() => {
      if (client.isOpen) client.destroy();
    });
    return client;
  },
  /** Returns an unconnected client. */
  nodeRedis5(port: number, options: NodeRedis5Options = {}) {
    const client = createClient5({ socket: { host: HOST, port }, ...options });
    client.on("error", () => {});
    onTestFinished(() => {
      if (client.isOpen) client.destroy();
    });
    return client;
  },
  /** A client with only the methods `set` and `eval`, as users write it around any client. */
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

/** What each server stores beside its locks. */
const sideKeys: readonly string[] = [markerKey, setsKey, watermarkKey];

/** Lists the keys with this prefix per server, without the side keys of the server itself. */
export async function keysOn(servers: readonly Ported[], prefix: string): Promise<string[][]> {
  const found = await Promise.all(servers.map(({ port }) => callRedis(port, ["KEYS", `${prefix}*`])));
  return (found as string[][]).map((keys) => keys.filter((key) => !sideKeys.includes(key)));
}

/** Counts the keys with this prefix on all servers together. */
export const countKeys = async (servers: readonly Ported[], prefix: string): Promise<number> =>
  (await keysOn(servers, prefix)).flat().length;

/** Sets a key as a client of the Redlock specification does. */
export const foreignSet = (servers: readonly Ported[], key: string, token = "foreign", ttl = 60_000) =>
  Promise.all(servers.map(({ port }) => callRedis(port, ["SET", key, token, "NX", "PX", ttl])));

/** Resolves with the reason of a rejection, or with a new error if the promise was fulfilled. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const value = await promise.then(
    (given) => new Error(`did not reject, but gave ${String(given)}`),
    (error: unknown) => error,
  );
  return value as Error & Record<string, unknown>;
}

/** ms: the interval of the clock checks, and the longest delay of a check that still counts as normal. */
const lagStep = 5;
const lagTolerance = 10;
/** The number of processes that a busy machine may delay one after the other: the client and three servers. */
const processCount = 4;

/**
 * Returns the value of a promise and the ms until its fulfilment. `slack`: ms that a busy machine may have added,
 * estimated from the delays of this process. The slack is about 0 on an idle machine.
 */
export async function timed<T>(run: () => Promise<T>): Promise<{ value: T; ms: number; slack: number }> {
  const start = performance.now();
  let last = start;
  let lag = 0;
  const checkLag = () => {
    const late = performance.now() - last - lagStep;
    if (late > lagTolerance) lag += late;
    last = performance.now();
  };
  const timer = setInterval(checkLag, lagStep);
  try {
    const value = await run();
    const ms = performance.now() - start;
    checkLag();
    return { value, ms, slack: processCount * lag };
  } finally {
    clearInterval(timer);
  }
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Records unhandled rejections and uncaught exceptions of this process until the end of the test. */
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
