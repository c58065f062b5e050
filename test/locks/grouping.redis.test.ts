import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Lease, Locks } from "../../src/index.js";
import { type RedisServer, startCluster } from "../support/servers.js";
import { sharedCluster } from "../support/shared-servers.js";
import { clients, countKeys, locksOf, ownServers, rejection, uniqueName } from "./support.js";

/** Acquires all resources in one tick. Returns the lease or the error for each. */
const outcomes = (
  locks: Locks,
  resources: readonly string[],
): Promise<(Lease | (Error & Record<string, unknown>))[]> =>
  Promise.all(resources.map((resource) => locks.acquire(resource, { wait: 0 }).catch((error) => error)));
const codeOf = (outcome: object) => ("code" in outcome ? outcome.code : "granted");

describe("a failure of one caller affects no other caller", () => {
  it("when a key has another type (WRONGTYPE)", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(servers.map(({ port }) => clients.ioredis(port)));
    for (const server of servers) await server.call("RPUSH", "list", "item");
    const found = await outcomes(locks, ["a", "list", "b"]);
    expect(found.map(codeOf)).toEqual(["granted", "LOCK_CONTENDED", "granted"]);
    for (const server of servers) expect(await server.call("TYPE", "list")).toBe("list");
  });

  it("when the access list forbids a key (NOPERM), and the releases of the other keys succeed", async () => {
    const servers = await ownServers(3);
    const allowed = ["on", ">s3cret", "+@all", "~good:*", "~holdfast:*"];
    for (const server of servers) await server.call("ACL", "SETUSER", "worker", ...allowed);
    const locks = locksOf(
      servers.map(({ port }) => clients.ioredis(port, { username: "worker", password: "s3cret" })),
    );
    const held = await locks.acquire("good:held");
    const released = held.release();
    const found = await outcomes(locks, ["good:a", "bad", "good:held", "good:b"]);
    expect(found.map(codeOf)).toEqual(["granted", "QUORUM_UNAVAILABLE", "granted", "granted"]);
    expect(String(found[1])).toContain("NOPERM");
    expect(await released).toBe("released");
    // A quorum decides, and the third node follows.
    await expect.poll(() => countKeys(servers, "good:")).toBe(9);
  });

  it("when the servers are out of memory (OOM): releases succeed, and rejected callers leave nothing", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(servers.map(({ port }) => clients.ioredis(port)));
    const held = await locks.acquire("held");
    for (const server of servers) await server.call("CONFIG", "SET", "maxmemory", 1);
    const early = locks.tryAcquire("early");
    const released = held.release();
    const late = locks.tryAcquire("late");
    expect(String(await rejection(early))).toContain("OOM");
    expect(await released).toBe("released");
    // A server that has begun to write continues, so an acquisition after the release may be granted or refused.
    const granted = await late.then(
      (lease) => lease !== null,
      (error: Error) => !error.message.includes("OOM"),
    );
    expect(await countKeys(servers, "late")).toBe(granted ? 3 : 0);
    expect(await countKeys(servers, "early")).toBe(0);
    for (const server of servers) await server.call("CONFIG", "SET", "maxmemory", 0);
    expect(await locks.using("early", () => "done")).toBe("done");
  });
});

describe("the locks of one tick in a Cluster", () => {
  const resources = Array.from({ length: 90 }, (_, index) => `r${index}`);
  const open = {
    ioredis(ports: readonly number[]) {
      const client = new Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
      client.on("error", () => {});
      onTestFinished(() => client.disconnect());
      return client;
    },
    "node-redis"(ports: readonly number[]) {
      const client = createCluster({
        rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
      });
      client.on("error", () => {});
      onTestFinished(() => (client.isOpen ? client.destroy() : undefined));
      return client;
    },
  };
  const patient = { ttl: 60_000, nodeTimeout: 2_000 };

  it.each(Object.entries(open))("are granted and released in all slots: %s", async (_, connect) => {
    const { ports } = sharedCluster();
    const prefix = uniqueName();
    const locks = locksOf([connect(ports)], { ...patient, prefix });
    const found = await outcomes(locks, resources);
    expect(new Set(found.map(codeOf))).toEqual(new Set(["granted"]));
    const leases = found as Lease[];
    // All slots again in one tick: released and requested again.
    const [next] = await Promise.all([
      Promise.resolve().then(() => outcomes(locks, resources)),
      ...leases.map((lease) => lease.release()),
    ]);
    expect(new Set(next.map(codeOf))).toEqual(new Set(["granted"]));
    await Promise.all((next as Lease[]).map((lease) => lease.release()));
    expect(
      await countKeys(
        ports.map((port) => ({ port })),
        prefix,
      ),
    ).toBe(0);
  });

  it("fail only in slots whose master is dead", { timeout: 60_000 }, async () => {
    const cluster = await startCluster();
    onTestFinished(() => cluster.stop());
    for (const node of cluster.nodes) await node.call("CONFIG", "SET", "cluster-require-full-coverage", "no");
    const all = Object.entries(open).map(([name, connect]) => {
      return {
        name,
        locks: locksOf([connect(cluster.ports)], { ...patient, prefix: `${name}:`, nodeTimeout: 1_000 }),
      };
    });
    const [dead, ...living] = cluster.nodes as [RedisServer, ...RedisServer[]];
    const lost: Record<string, string[]> = {};
    for (const { name, locks } of all) {
      const found = await outcomes(locks, resources);
      expect(new Set(found.map(codeOf)), name).toEqual(new Set(["granted"]));
      lost[name] = ((await dead.call("KEYS", `${name}:*`)) as string[]).map((key) =>
        key.slice(name.length + 1),
      );
      expect(lost[name].length).toBeGreaterThan(0);
      await Promise.all((found as Lease[]).map((lease) => lease.release()));
    }
    // The servers would refuse a call with keys of two slots.
    for (const node of cluster.nodes) {
      expect(String(await node.call("INFO", "errorstats"))).not.toContain("CROSSSLOT");
    }
    for (const { name, locks } of all) {
      for (const node of cluster.nodes) await node.call("CONFIG", "RESETSTAT");
      await Promise.all(resources.map((resource) => locks.using(`{one slot}${resource}`, () => {})));
      const stats = await Promise.all(cluster.nodes.map((node) => node.call("INFO", "commandstats")));
      const calls = stats.map((stat) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(stat))?.[1] ?? 0));
      expect(calls.sort(), name).toEqual([0, 0, 2]);
    }
    await dead.kill();
    for (const { name, locks } of all) {
      const found = await outcomes(locks, resources);
      const failed = resources.filter((_, index) => codeOf(found[index]!) !== "granted");
      expect(failed.sort(), name).toEqual(lost[name]?.sort());
      expect(await countKeys(living, `${name}:`)).toBe(resources.length - failed.length);
    }
  });
});
