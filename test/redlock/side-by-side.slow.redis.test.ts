import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { Mutex, RedlockMutex, Semaphore, TimeoutError } from "redis-semaphore";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLocks, LockContendedError } from "../../src/index.js";
import { sharedServers } from "../support/shared-servers.js";

/** The prefix that docs/migrating/from-redis-semaphore.md recommends. */
const prefix = "mutex:";

const uniqueKey = () => `side-by-side:${randomUUID()}`;
/** The peer polls every 10 ms, so this is long enough to be refused. */
const briefly = { acquireTimeout: 100, refreshInterval: 0 };

function clientsOf(count: number, options: { keyPrefix?: string } = {}): Redis[] {
  return sharedServers()
    .slice(0, count)
    .map(({ port }) => {
      const client = new Redis(port, "127.0.0.1", options);
      onTestFinished(() => client.disconnect());
      return client;
    });
}

function locksOver(nodes: readonly Redis[], keyPrefix = prefix) {
  const locks = createLocks({ nodes, prefix: keyPrefix });
  onTestFinished(() => locks.close());
  return locks;
}

const cases = [
  {
    name: "Mutex",
    servers: 1,
    mutexOf: ([client]: Redis[], key: string) => new Mutex(client!, key, briefly),
  },
  {
    name: "RedlockMutex",
    servers: 3,
    mutexOf: (clients: Redis[], key: string) => new RedlockMutex(clients, key, briefly),
  },
];

describe.each(cases)("redis-semaphore's $name and ours, side by side", ({ servers, mutexOf }) => {
  it("theirs is refused while ours is held, and acquired after the release", async () => {
    const clients = clientsOf(servers);
    const key = uniqueKey();
    const lease = await locksOver(clients).acquire(key);
    const mutex = mutexOf(clients, key);
    await expect(mutex.acquire()).rejects.toThrow(TimeoutError);
    expect(lease.remaining()).toBeGreaterThan(0);

    await lease.release();
    expect(await mutex.tryAcquire()).toBe(true);
    await mutex.release();
  });

  it("ours is refused while theirs is held, and acquired after the release", async () => {
    const clients = clientsOf(servers);
    const locks = locksOver(clients);
    const key = uniqueKey();
    const mutex = mutexOf(clients, key);
    await mutex.acquire();
    expect(await locks.tryAcquire(key)).toBeNull();
    const error = await locks.acquire(key, { wait: 0 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LockContendedError);
    expect(error).toMatchObject({ holder: { key: `mutex:${key}`, owner: null, type: "string" } });

    await mutex.release();
    await using lease = await locks.acquire(key, { wait: 0 });
    expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("ours waits for theirs", async () => {
    const clients = clientsOf(servers);
    const locks = locksOver(clients);
    const key = uniqueKey();
    const mutex = mutexOf(clients, key);
    await mutex.acquire();
    const retrying = new Promise((resolve) => locks.once("retrying", resolve));
    const waiting = locks.acquire(key, { retry: { delay: 10, maxDelay: 10, jitter: 0 } });
    expect(await retrying).toMatchObject({ reason: "contended" });

    await mutex.release();
    await using lease = await waiting;
    expect(lease.remaining()).toBeGreaterThan(0);
  });
});

describe("the warnings of the page", () => {
  it("a keyPrefix of the client is added by both", async () => {
    const [client] = clientsOf(1, { keyPrefix: `${randomUUID()}:` }) as [Redis];
    const [plain] = clientsOf(1) as [Redis];
    const key = uniqueKey();
    const mutex = new Mutex(client, key, briefly);
    await mutex.acquire();
    expect(await locksOver([client]).tryAcquire(key)).toBeNull();
    await using lease = await locksOver([plain]).acquire(key, { wait: 0 });
    expect(lease.remaining()).toBeGreaterThan(0);
    await mutex.release();
  });

  it("without the prefix neither excludes the other", async () => {
    const [client] = clientsOf(1) as [Redis];
    const key = uniqueKey();
    const mutex = new Mutex(client, key, briefly);
    await mutex.acquire();
    await using lease = await locksOver([client], "").acquire(key, { wait: 0 });
    expect(lease.remaining()).toBeGreaterThan(0);
    await mutex.release();
  });

  it("a Mutex on one server does not exclude locks over three", async () => {
    const clients = clientsOf(3);
    const key = uniqueKey();
    const mutex = new Mutex(clients[0]!, key, briefly);
    await mutex.acquire();
    await using lease = await locksOver(clients).acquire(key, { wait: 0 });
    expect(lease.remaining()).toBeGreaterThan(0);
    await mutex.release();
  });

  it("a Semaphore's key does not count as a lock", async () => {
    const [client] = clientsOf(1) as [Redis];
    const key = uniqueKey();
    const semaphore = new Semaphore(client, key, 1, briefly);
    await semaphore.acquire();
    const error = await locksOver([client], "semaphore:")
      .acquire(key, { wait: 0 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "LOCK_CONTENDED", holder: { type: "zset" } });
    await semaphore.release();
  });

  it("the prefix is the one on the page", () => {
    expect(readFileSync("docs/migrating/from-redis-semaphore.md", "utf8")).toContain(`prefix: "${prefix}"`);
  });
});
