import { describe, expect, it, onTestFinished } from "vitest";
import { createLocks, DuplicateNodeError, InvalidOptionError, isHoldfastError } from "../../src/index.js";
import { Link } from "../faults/proxy.js";
import { clients, countKeys, fiveServers, locksOf, rejection, uniqueName } from "./support.js";

const [one, two, three] = fiveServers();

/** Returns the error that a function throws. */
function thrown(call: () => unknown): unknown {
  try {
    return new Error(`threw nothing, but gave ${String(call())}`);
  } catch (error) {
    return error;
  }
}

describe("one server reached by two clients", () => {
  const pairs = {
    "by an IP address and by a name": () => [
      clients.ioredis(one.port),
      clients.nodeRedis(one.port, { socket: { host: "localhost", port: one.port } }),
    ],
    "by a client and by an address": () => [clients.nodeRedis5(one.port), `redis://localhost:${one.port}`],
    "by plain clients, which have no address": () => [clients.plain(one.port), clients.plain(one.port)],
  };

  it.each(Object.entries(pairs))(
    "is rejected at the first acquisition, which leaves nothing: %s",
    async (_, make) => {
      const prefix = uniqueName();
      const locks = locksOf([...make(), clients.ioredis(two.port)], { prefix, nodeTimeout: 2_000 });
      const error = await rejection(locks.acquire("a"));
      expect(error).toBeInstanceOf(DuplicateNodeError);
      const [first, second] = (error as unknown as DuplicateNodeError).nodes;
      expect(first).not.toBe(second);
      expect(error.message).toContain(`nodes ${first} and ${second} are the same server`);
      // Every later acquisition is rejected as well.
      expect((await rejection(locks.tryAcquire("a"))).code).toBe("DUPLICATE_NODE");
      expect((await rejection(locks.using("a", () => {}))).code).toBe("DUPLICATE_NODE");
      expect(await countKeys([one, two], prefix)).toBe(0);
    },
  );

  it.each(["warn", "refuse"] as const)(
    "leaves no record of its set, so that processes with the right nodes are neither warned nor refused: otherSets %s",
    async (otherSets) => {
      const prefix = uniqueName();
      const wrong = locksOf([...pairs["by an IP address and by a name"](), clients.ioredis(two.port)], {
        prefix,
        otherSets,
        nodeTimeout: 2_000,
      });
      expect((await rejection(wrong.acquire("a"))).code).toBe("DUPLICATE_NODE");
      expect((await rejection(wrong.acquire("b"))).code).toBe("DUPLICATE_NODE");
      const look = clients.ioredis(one.port);
      const recorded = Object.keys(await look.hgetall("holdfast:sets"));
      expect(recorded.filter((sets) => sets.endsWith(` ${prefix}`))).toEqual([]);
      const nodes = [clients.ioredis(one.port)];
      const right = locksOf(nodes, { prefix, otherSets: "refuse", nodeTimeout: 2_000 });
      await (await right.acquire("a")).release();
    },
  );

  it("is rejected by the constructor when both are the same client", () => {
    const client = clients.ioredis(one.port, { lazyConnect: true });
    const error = thrown(() => createLocks({ nodes: [client, clients.ioredis(two.port), client] }));
    expect(isHoldfastError(error, "DUPLICATE_NODE")).toBe(true);
    expect(client.status).toBe("wait");
  });
});

describe("one server behind a proxy", () => {
  const kinds = {
    "ioredis 6": (port: number) => clients.ioredis(port),
    "ioredis 5": (port: number) => clients.ioredis5(port),
    "redis 6": (port: number) => clients.nodeRedis(port),
    "redis 5": (port: number) => clients.nodeRedis5(port),
    "an address": (port: number) => `redis://127.0.0.1:${port}`,
  };
  const proxied = async (target: number) => {
    const link = await Link.to(target);
    onTestFinished(() => link.close());
    return link;
  };

  it.each(Object.entries(kinds))("is rejected at the first acquisition: over %s", async (_, open) => {
    const [link, silent] = [await proxied(one.port), await proxied(two.port)];
    // The first acquisition waits only 100 ms for a node after a quorum. So the same server twice is the quorum here.
    silent.hold("both");
    const nodes = [clients.ioredis(silent.port), clients.nodeRedis(one.port), open(link.port)];
    const error = await rejection(locksOf(nodes, { prefix: uniqueName(), nodeTimeout: 2_000 }).acquire("a"));
    expect(error).toMatchObject({
      code: "DUPLICATE_NODE",
      nodes: expect.arrayContaining([expect.stringContaining(`:${one.port}`)]),
    });
  });

  it.each(Object.entries(kinds))(
    "has no second vote when a connection turns to it: over %s",
    async (_, open) => {
      const link = await proxied(three.port);
      const nodes = [clients.ioredis(one.port), clients.nodeRedis(two.port), open(link.port)];
      const locks = locksOf(nodes, { prefix: uniqueName(), nodeTimeout: 2_000 });
      await (await locks.acquire("a")).release();
      const third = async () => (await locks.inspect("a")).nodes[2];
      const timeout = 10_000;
      link.target = one.port;
      link.cut();
      await expect
        .poll(async () => (await third())?.error, { timeout })
        .toMatch(new RegExp(`is the same server as .*:${one.port}`));
      await (await locks.acquire("a")).release();
      link.target = three.port;
      link.cut();
      // The node votes again. Its pending release went to the other server, so the key may remain until its TTL.
      await expect.poll(async () => (await third())?.error, { timeout }).toBeUndefined();
    },
  );
});

describe("clients that would store under different keys", () => {
  const odd = {
    "another key prefix": () => clients.ioredis(two.port, { keyPrefix: "app:", lazyConnect: true }),
    "another database": () => clients.ioredis(two.port, { db: 3, lazyConnect: true }),
    "another database, by node-redis": () => clients.nodeRedis(two.port, { database: 3 }),
    "another database, by address": () => `redis://127.0.0.1:${two.port}/3`,
  };

  it.each(Object.entries(odd))("are rejected by the constructor: %s", (_, make) => {
    const plain = clients.ioredis(one.port, { lazyConnect: true });
    const error = thrown(() => createLocks({ nodes: [plain, make()] })) as InvalidOptionError;
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.option).toBe("nodes");
    expect(error.message).toContain("the same key prefix and the same database");
    expect(error.message).toContain(`127.0.0.1:${one.port} has key prefix "" and database 0`);
    expect(error.message).toMatch(/key prefix "app:" and database 0|key prefix "" and database 3/);
    expect(plain.status).toBe("wait");
  });

  it("are accepted with equal prefixes, and the client's prefix precedes the prefix option", async () => {
    const name = uniqueName();
    const nodes = [
      clients.ioredis(one.port, { keyPrefix: name, db: 2 }),
      clients.ioredis5(two.port, { keyPrefix: name, db: 2 }),
    ];
    const locks = locksOf(nodes, { prefix: "lock:" });
    await using lease = await locks.acquire("a");
    expect(lease.remaining()).toBeGreaterThan(0);
    const look = clients.ioredis(two.port, { db: 2 });
    expect(await look.exists(`${name}lock:a`)).toBe(1);
  });
});
