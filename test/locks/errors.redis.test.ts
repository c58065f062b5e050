import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { AcquireTimeoutError, QuorumUnavailableError } from "../../src/index.js";
import { giveMemory } from "../support/memory.js";
import { callRedis, type RedisServer, waitUntil } from "../support/servers.js";
import { clients, countKeys, fiveServers, locksOf, ownServers, rejection, uniqueName } from "./support.js";

const [one, two, three] = fiveServers();
const servers = [one, two, three];

/** Servers that answer every write with an error, and the pattern of that error. */
const failingServers: Record<string, { server(): Promise<RedisServer>; says: RegExp }> = {
  "wants a password": {
    server: async () => (await ownServers(1, { password: "open-sesame" }))[0]!,
    says: /NOAUTH/,
  },
  "is a read-only replica": {
    server: async () => {
      const [master] = await ownServers(1, { args: ["--repl-diskless-sync-delay", "0"] });
      await giveMemory(master!.port);
      const [replica] = await ownServers(1, { args: ["--replicaof", `127.0.0.1 ${master!.port}`] });
      await waitUntil("the replica follows", 20_000, async () =>
        String(await replica!.call("INFO", "replication")).includes("master_link_status:up"),
      );
      return replica!;
    },
    says: /READONLY/,
  },
  "is out of memory": {
    server: async () =>
      (await ownServers(1, { args: ["--maxmemory", "1", "--maxmemory-policy", "noeviction"] }))[0]!,
    says: /OOM/,
  },
  "cannot save to disk, and so refuses writes": {
    server: async () => {
      const [server] = await ownServers(1, { args: ["--save", "3600 1"] });
      await server!.call("SET", "unsaved", "1");
      await rm(server!.directory, { recursive: true });
      await server!.call("BGSAVE");
      await waitUntil("saving failed", 10_000, async () =>
        String(await server!.call("INFO", "persistence")).includes("rdb_last_bgsave_status:err"),
      );
      return server!;
    },
    says: /MISCONF/,
  },
};

describe.each(Object.entries(failingServers))("a server that %s", (_, { server, says }) => {
  const kinds = {
    ioredis: (port: number) => clients.ioredis(port),
    "node-redis": (port: number) => clients.nodeRedis(port),
    plain: (port: number) => clients.plain(port),
    address: (port: number) => `redis://127.0.0.1:${port}`,
  };

  it("is outvoted when it is a minority", { timeout: 40_000 }, async () => {
    const { port } = await server();
    for (const make of Object.values(kinds)) {
      const nodes = [clients.ioredis(one.port), make(port), clients.nodeRedis(two.port)];
      const locks = locksOf(nodes, { prefix: uniqueName() });
      expect(await locks.using("a", () => "done")).toBe("done");
    }
  });

  it("is named with its reason when it is a majority", { timeout: 40_000 }, async () => {
    const [first, second] = await Promise.all([server(), server()]);
    for (const [kind, make] of Object.entries(kinds)) {
      const prefix = uniqueName();
      const nodes = [clients.ioredis(one.port), make(first.port), make(second.port)];
      // A busy machine may connect slowly, and the single attempt must reach every server.
      const locks = locksOf(nodes, { prefix, ttl: 60_000, nodeTimeout: 10_000 });
      const error = (await rejection(locks.tryAcquire("a"))) as unknown as QuorumUnavailableError;
      expect(error.code, kind).toBe("QUORUM_UNAVAILABLE");
      expect(error.operation).toBe("acquire");
      expect(error.message).toMatch(/^could not acquire "a": [01] of 3 nodes granted, after 1 attempt \(/);
      const failed = error.votes.flatMap((vote) => (vote.kind === "failed" ? [vote] : []));
      expect(failed.length, kind).toBe(2);
      for (const vote of failed) {
        expect(vote.message, kind).toMatch(says);
        expect(error.message).toContain(`${vote.node}: ${vote.message}`);
      }
      await waitUntil("no key is left", 5_000, async () => (await countKeys(servers, prefix)) === 0);
    }
  });
});

describe("a key with the resource's name that is no lock", () => {
  const threeNodes = () => [
    clients.ioredis(one.port),
    clients.nodeRedis(two.port),
    clients.plain(three.port),
  ];

  it("is reported as contention with its type, and stays unchanged", async () => {
    const prefix = uniqueName();
    for (const { port } of [one, two]) await callRedis(port, ["HSET", `${prefix}a`, "field", "value"]);
    const locks = locksOf(threeNodes(), { prefix, ttl: 60_000 });
    const error = await rejection(locks.acquire("a", { wait: 0 }));
    expect(error.code).toBe("LOCK_CONTENDED");
    expect(error.message).toContain('"a" is held by a key of type hash, which is not a lock');
    expect(await locks.tryAcquire("a")).toBeNull();
    const { holder, nodes } = await locks.inspect("a");
    expect(holder?.type).toBe("hash");
    expect(nodes.map(({ state }) => state)).toEqual(["held", "held", "free"]);
    await waitUntil("only the hashes are left", 5_000, async () => (await countKeys(servers, prefix)) === 2);
    for (const { port } of [one, two]) await callRedis(port, ["DEL", `${prefix}a`]);
  });

  it("on a minority changes nothing, and stays after the lease", async () => {
    const prefix = uniqueName();
    await callRedis(one.port, ["RPUSH", `${prefix}a`, "x"]);
    const locks = locksOf(threeNodes(), { prefix });
    const lease = await locks.acquire("a");
    await lease.renew();
    expect(await lease.release()).toBe("released");
    expect(await callRedis(one.port, ["TYPE", `${prefix}a`])).toBe("list");
    await callRedis(one.port, ["DEL", `${prefix}a`]);
  });
});

describe("an error's message", () => {
  const locksFor = (prefix: string, owner: string) =>
    locksOf(
      servers.map(({ port }) => clients.ioredis(port)),
      { prefix, owner, ttl: 20_000 },
    );

  it("names the holder, its remaining time and the number of attempts for contention", async () => {
    const prefix = uniqueName();
    await locksFor(prefix, "worker 1").acquire("a");
    const others = locksFor(prefix, "worker 2");
    const error = await rejection(others.acquire("a", { retry: { count: 2, delay: 1 } }));
    expect(error.name).toBe("LockContendedError");
    expect(error.message).toMatch(
      /^"a" is held by worker 1 for up to [\d.]+ m?s; gave up after 3 attempts\. /,
    );
    const late = await rejection(others.acquire(["b", "a"], { wait: 150 }));
    expect(late.code).toBe("ACQUIRE_TIMEOUT");
    expect(late.message).toMatch(
      /^could not acquire "b", "a" within 150 ms: "b", "a" is held by worker 1 for up to/,
    );
    expect(late.cause).toMatchObject({ code: "LOCK_CONTENDED" });
    const { holder } = late as unknown as AcquireTimeoutError;
    expect(late).toMatchObject({ reason: "contended", holder: { owner: "worker 1", resource: "a" } });
    expect(holder?.key).toBe(`${prefix}a`);
    // The lease is renewed every few seconds, so its end is between half of its ttl and all of it away.
    expect((holder?.until ?? 0) - Date.now()).toBeGreaterThan(5_000);
    expect((holder?.until ?? 0) - Date.now()).toBeLessThanOrEqual(20_000);
    expect(late.message).toMatch(/ \(the resource "a"\); gave up/);
  });

  it("tells a taken lock from nodes that fail, and names the failing nodes", async () => {
    const [first, second] = await ownServers(2);
    const prefix = uniqueName();
    const nodes = [one.port, first?.port, second?.port].map((port) => `redis://127.0.0.1:${port}`);
    const locks = locksOf(nodes, { prefix, owner: "waiter", wait: 2_500, nodeTimeout: 900 });
    await locks.using("a", () => {});
    await Promise.all([first?.kill(), second?.kill()]);
    // Callers of one process queue. Those that come later have not asked when their wait is over.
    const errors = await Promise.all([1, 2, 3].map(() => rejection(locks.acquire("a"))));
    for (const error of errors as unknown as AcquireTimeoutError[]) {
      expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", reason: "noQuorum", holder: undefined });
      const failed = error.votes.flatMap((vote) =>
        vote.kind === "failed" && vote.reason !== "notAsked" ? [vote.node] : [],
      );
      expect(failed.sort()).toEqual(nodes.slice(1).sort());
    }
  });

  it("names the reason for the end of a lease", async () => {
    const locks = locksFor(uniqueName(), "me");
    const released = await locks.acquire("a");
    await released.release();
    expect(() => released.assertHeld()).toThrow('the lease of "a" is over: it was released');
    const capped = await locks.acquire("a", { maxHold: 50 });
    await waitUntil("it ran out", 5_000, () => capped.remaining() === 0);
    expect((await rejection(capped.renew())).message).toBe(
      'the lease of "a" is over: it was held for maxHold',
    );
    const handle = locks.handle("b");
    await handle.acquire();
    expect((await rejection(handle.acquire())).message).toMatch(
      /^the handle of "b" is held: .*Release it first/,
    );
    await locks.close();
    expect((await rejection(locks.acquire("a"))).code).toBe("MANAGER_CLOSED");
  });
});

describe("ready()", () => {
  it("ends at once if a password is wrong, and says what to do", async () => {
    const [guarded] = (await ownServers(1, { password: "open-sesame" })) as [RedisServer];
    const address = `redis://:wrong@127.0.0.1:${guarded.port}`;
    const locks = locksOf([one, two].map(({ url }) => url).concat(address) as never);
    // Without an end at once, the test times out.
    expect(await rejection(locks.ready({ timeout: 600_000 }))).toMatchObject({
      code: "NODES_NOT_READY",
      message: expect.stringMatching(
        /^1 of 3 nodes cannot get ready \(.*WRONGPASS .*\): correct the user or the password; waiting does not help; `holdfast doctor` examines the nodes$/,
      ),
      votes: [{ lasting: true }],
    });
  });
});
