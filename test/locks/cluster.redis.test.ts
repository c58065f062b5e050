import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5 } from "ioredis-5";
import { createCluster, createSentinel } from "redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLocks, InvalidOptionError, type LocksOptions } from "../../src/index.js";
import { callRedis, waitUntil } from "../support/servers.js";
import { sharedCluster, sharedSentinel } from "../support/shared-servers.js";
import { clients, countKeys, fiveServers, locksOf, type Ported, rejection, uniqueName } from "./support.js";

const { ports } = sharedCluster();
const { name, sentinelPorts, masterPort } = sharedSentinel();
const host = "127.0.0.1";
const masters: readonly Ported[] = ports.map((port) => ({ port }));
const roots = ports.map((port) => ({ host, port }));

/** Unconnected clients, which are closed at the end of the test. */
const clusters = {
  ioredis() {
    const client = new Cluster(roots, { lazyConnect: true });
    onTestFinished(() => client.disconnect());
    return client;
  },
  "ioredis 5": () => {
    const client = new Cluster5(roots, { lazyConnect: true });
    onTestFinished(() => client.disconnect());
    return client;
  },
  "node-redis"() {
    const client = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://${host}:${port}` })) });
    onTestFinished(() => (client.isOpen ? client.destroy() : undefined));
    return client;
  },
};
const sentinels = {
  ioredis() {
    const client = new Redis({
      sentinels: sentinelPorts.map((port) => ({ host, port })),
      name,
      lazyConnect: true,
    });
    onTestFinished(() => client.disconnect());
    return client;
  },
  "node-redis"() {
    const client = createSentinel({ name, sentinelRootNodes: sentinelPorts.map((port) => ({ host, port })) });
    onTestFinished(() => (client.isOpen ? client.destroy() : undefined));
    return client;
  },
};

/** Discovery takes several round trips, which may exceed the default node timeout on a busy machine. */
const slowOptions = { ttl: 30_000, nodeTimeout: 5_000 };
const gone = (servers: readonly Ported[], prefix: string) =>
  waitUntil("no key is left", 20_000, async () => (await countKeys(servers, prefix)) === 0);

describe.each(Object.entries(clusters))("a Cluster of %s as a node", (_, connect) => {
  it("grants and releases leases of resources in all of its slots as the only node", async () => {
    const prefix = uniqueName();
    const locks = locksOf([connect()], { prefix, ...slowOptions });
    const others = locksOf([connect()], { prefix, ...slowOptions });
    const resources = Array.from({ length: 20 }, (_, index) => `r${index}`);
    const leases = await Promise.all(resources.map((resource) => locks.acquire(resource)));
    const used = await Promise.all(masters.map((master) => countKeys([master], prefix)));
    expect(used.every((keys) => keys > 0)).toBe(true);
    expect(used.reduce((sum, keys) => sum + keys, 0)).toBe(20);
    for (const resource of resources) expect(await others.tryAcquire(resource)).toBeNull();
    await Promise.all(leases.map((lease) => lease.renew(60_000)));
    for (const lease of leases) expect(lease.remaining()).toBeGreaterThan(30_000);
    expect(new Set(await Promise.all(leases.map((lease) => lease.release())))).toEqual(new Set(["released"]));
    await gone(masters, prefix);
  });

  it("locks several resources with one hash tag together or not at all", async () => {
    const prefix = uniqueName();
    const locks = locksOf([connect()], { prefix, ...slowOptions });
    const both = ["{order:7}:stock", "{order:7}:payment"];
    const lease = await locks.acquire(both);
    expect(await countKeys(masters, prefix)).toBe(2);
    expect(await locks.tryAcquire("{order:7}:payment")).toBeNull();
    await lease.release();
    const one = await locks.acquire("{order:7}:payment");
    expect(await locks.tryAcquire(both)).toBeNull();
    expect(await countKeys(masters, prefix)).toBe(1);
    await one.release();
    await gone(masters, prefix);
  });

  it("rejects resources of different slots before any request, and explains hash tags", async () => {
    const client = connect();
    const locks = locksOf([client], slowOptions);
    const error = await rejection(locks.acquire(["order:7:stock", "order:7:payment"]));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.option).toBe("resources");
    expect(error.message).toContain("in one hash slot to be locked together in a Cluster");
    expect(error.message).toContain(
      'put the same hash tag in each, as in "{order:7}:stock" and "{order:7}:payment"',
    );
    expect(error.message).toContain("order:7:stock, order:7:payment");
    expect(() => locks.handle(["a", "b"])).toThrow(InvalidOptionError);
    expect("status" in client ? client.status : client.isOpen).toBe("status" in client ? "wait" : false);
  });
});

describe.each(Object.entries(sentinels))("a Sentinel set of %s as a node", (_, connect) => {
  it("grants leases that are stored on its master", async () => {
    const prefix = uniqueName();
    const locks = locksOf([connect()], { prefix, ...slowOptions });
    const lease = await locks.acquire(["a", "b"]);
    expect(await countKeys([{ port: masterPort }], prefix)).toBe(2);
    expect(await locksOf([connect()], { prefix, ...slowOptions }).tryAcquire("b")).toBeNull();
    await lease.renew();
    expect(await lease.release()).toBe("released");
    await gone([{ port: masterPort }], prefix);
  });
});

describe("a Cluster, a Sentinel set and single servers together", () => {
  const [single] = fiveServers();
  const mixes: Record<string, () => LocksOptions["nodes"]> = {
    "by ioredis": () => [clusters.ioredis(), sentinels.ioredis(), clients.ioredis(single.port)],
    "by node-redis": () => [
      clusters["node-redis"](),
      sentinels["node-redis"](),
      clients.nodeRedis(single.port),
    ],
    "by both": () => [clusters.ioredis(), sentinels["node-redis"](), `redis://${host}:${single.port}`],
  };

  it.each(Object.entries(mixes))("are three votes, each for the whole: %s", async (_, make) => {
    const prefix = uniqueName();
    const places = [...masters, { port: masterPort }, single];
    const locks = locksOf(make(), { prefix, ...slowOptions });
    const lease = await locks.acquire("a");
    await waitUntil("all three have the key", 30_000, async () => (await countKeys(places, prefix)) === 3);
    const { held, nodes } = await locks.inspect("a");
    expect({ held, states: nodes.map(({ state }) => state) }).toEqual({
      held: true,
      states: Array(3).fill("held"),
    });
    expect(await locksOf(make(), { prefix, ...slowOptions }).tryAcquire("a")).toBeNull();
    await lease.release();
    await gone(places, prefix);
    // Another client has one of the three votes, and two are enough.
    await callRedis(masterPort, ["SET", `${prefix}a`, "foreign", "PX", 30_000]);
    expect(await locks.using("a", () => "done")).toBe("done");
  });

  it("require one hash slot for several resources, because of the Cluster", () => {
    const nodes = [clients.ioredis(single.port, { lazyConnect: true }), clusters["node-redis"]()];
    const locks = createLocks({ nodes });
    expect(() => locks.handle(["a", "b"])).toThrow(/hash tag/);
    expect(() => locks.handle(["{a}1", "{a}2"])).not.toThrow();
  });
});
