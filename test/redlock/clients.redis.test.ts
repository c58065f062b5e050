import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis-5";
import { afterEach, describe, expect, it } from "vitest";
import { type Client, IoredisClient, RedisjsClient, Redlock } from "../../src/redlock.js";
import { sharedServers } from "../support/shared-servers.js";

type Open = (port: number) => { client: object; close(): unknown };

const require = createRequire(import.meta.url);
const host = "127.0.0.1";

const ioredis: Open = (port) => {
  const client = new Redis(port, host);
  return { client, close: () => client.disconnect() };
};
const nodeRedis: Open = (port) => {
  // The client is not connected here, as programs of its version 3 did not connect it either.
  const client = createClient({ socket: { host, port } });
  return { client, close: () => client.isOpen && client.destroy() };
};

const kinds: [string, Open][] = [
  ["ioredis 6", ioredis],
  [
    "ioredis 5",
    (port) => {
      const client = new Redis5(port, host);
      return { client, close: () => client.disconnect() };
    },
  ],
  ["node-redis 6 that nobody connected", nodeRedis],
  [
    "an unconnected node-redis 5",
    (port) => {
      const client = createClient5({ socket: { host, port } });
      return { client, close: () => client.isOpen && client.destroy() };
    },
  ],
  [
    "a connecting node-redis 3",
    (port) => {
      const client = require("redis-3").createClient(port, host);
      return { client, close: () => client.quit() };
    },
  ],
  [
    "a wrapped ioredis",
    (port) => {
      const client = new Redis(port, host);
      return { client: new IoredisClient(client), close: () => client.disconnect() };
    },
  ],
  [
    "a wrapped node-redis",
    (port) => {
      const client = createClient({ socket: { host, port } });
      return { client: new RedisjsClient(client), close: () => client.isOpen && client.destroy() };
    },
  ],
  [
    "a program's own wrapper",
    (port) => {
      const client = new Redis(port, host);
      const wrapper = {
        set: (key: string, value: string, { PX }: { PX: number }) => client.set(key, value, "PX", PX, "NX"),
        eval: (script: string, keys: string[], args: string[]) =>
          client.eval(script, keys.length, ...keys, ...args),
      };
      return { client: wrapper, close: () => client.disconnect() };
    },
  ],
  ["an address", (port) => ({ client: `redis://${host}:${port}` as unknown as object, close: () => {} })],
];

const closers: (() => unknown)[] = [];
const open = (kind: Open, server: number): Client => {
  const { client, close } = kind(sharedServers()[server]!.port);
  closers.push(close);
  return client;
};
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const unique = () => `redlock-clients-${randomUUID()}`;
const fast = { retryCount: 0 };

describe.each(kinds)("%s", (_, kind) => {
  it("takes and contends a lock in each of the three ways, beside clients of another library", async () => {
    const clients = [open(kind, 0), open(ioredis, 1), open(nodeRedis, 2)];
    const redlock = new Redlock(clients, { retryCount: 10 });
    closers.push(() => redlock.locks.close());
    const name = unique();
    const lock = await redlock.lock(name, 5_000);
    const other = new Redlock([open(kind, 0), open(nodeRedis, 1), open(ioredis, 2)], fast);
    closers.push(() => other.locks.close());
    await expect(other.lock(name, 5_000)).rejects.toMatchObject({ name: "LockError" });
    await expect(other.acquire([name], 5_000)).rejects.toMatchObject({ name: "ExecutionError" });
    expect(await other.acquireLock(name, 5_000)).toBeNull();
    await lock.unlock();
    const simple = await other.acquireLock(name, 5_000);
    expect(await redlock.renewLock(name, simple!.value, 5_000)).toBe(true);
    await redlock.releaseLock(name, simple!.value);
    expect(await redlock.using([name], 5_000, async () => "done")).toBe("done");
  });
});

describe("two clients of one server", () => {
  const both = () => new Redlock([open(ioredis, 0), open(nodeRedis, 0)]);
  const name = unique();
  const calls: [string, (redlock: Redlock) => Promise<unknown>][] = [
    ["acquireLock", (redlock) => redlock.acquireLock(name, 1_000)],
    ["acquireLockWithCustomRetry", (redlock) => redlock.acquireLockWithCustomRetry(name, 1_000, () => 1)],
    ["tryAcquire", (redlock) => redlock.tryAcquire(name, "value", 1_000)],
    ["renewLock", (redlock) => redlock.renewLock(name, "value", 1_000)],
    ["releaseLock", (redlock) => redlock.releaseLock(name, "value")],
    ["lock", (redlock) => redlock.lock(name, 1_000)],
    ["acquire", (redlock) => redlock.acquire([name], 1_000)],
    ["using", (redlock) => redlock.using([name], 1_000, async () => {})],
    ["using, as in node-redlock", (redlock) => redlock.using(name, 1_000, async () => {})],
  ];

  it.each(calls)("%s is refused, and both are named", async (_, call) => {
    const { port } = sharedServers()[0]!;
    await expect(call(both())).rejects.toMatchObject({
      name: "DuplicateNodeError",
      nodes: expect.arrayContaining([`${host}:${port}`, `${host}:${port} (2)`]),
    });
  });

  it("each can still be called alone, without a quorum", async () => {
    const redlock = both();
    const [client] = redlock.servers;
    expect(await redlock.acquireLockInstance(client, name, "value", 1_000)).toBe(true);
    expect(await redlock.acquireLockInstance(open(nodeRedis, 0), name, "another", 1_000)).toBe(false);
    expect(await redlock.releaseLockInstance(client, { resource: name, value: "value" })).toBe(1);
  });
});

it("our wrappers read the stored values", async () => {
  const first = new Redis(sharedServers()[0]!.port, host);
  const second = createClient({ socket: { host, port: sharedServers()[1]!.port } });
  closers.push(() => first.disconnect());
  closers.push(() => second.destroy());
  await second.connect();
  const wrapped = [new IoredisClient(first), new RedisjsClient(second)];
  const redlock = new Redlock(wrapped);
  const name = unique();
  const lock = await redlock.acquireLock(name, 5_000);
  for (const client of wrapped) {
    expect(await client.get(name)).toBe(lock?.value);
    expect(await client.getTTL(name)).toBeGreaterThan(4_000);
    expect(await client.set(name, "mine", { NX: true, PX: 1_000 })).toBeNull();
    expect(
      await client.eval("return redis.call('get', KEYS[1]) == ARGV[1] and 1 or 0", [name], [lock!.value]),
    ).toBe(1);
  }
  await redlock.releaseLock(name, lock!.value);
  for (const client of wrapped) {
    expect(await client.get(name)).toBeNull();
    expect(await client.getTTL(name)).toBe(-2);
    expect(await client.set(name, "mine", { NX: true, PX: 1 })).toBe("OK");
  }
});
