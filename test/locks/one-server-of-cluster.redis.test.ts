import { describe, expect, it, onTestFinished } from "vitest";
import type { LocksOptions } from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";
import { startCluster } from "../support/cluster.js";
import { startProxy } from "../support/fickle-proxy.js";
import { type RedisServer, startServer, waitUntil } from "../support/servers.js";
import { sharedCluster, sharedSentinel } from "../support/shared-servers.js";
import { clients, locksOf, rejection, uniqueName } from "./support.js";

const opens: Record<string, (port: number) => LocksOptions["nodes"][number]> = {
  ioredis: (port) => clients.ioredis(port),
  "node-redis": (port) => clients.nodeRedis(port),
  "an address": (port) => `redis://127.0.0.1:${port}`,
};
/** Long, so that a busy machine is waited for. */
const slowOptions = { ttl: 30_000, nodeTimeout: 5_000 };
const needsWholeClient = /one server of a Cluster .*pass a client of the whole Cluster/;
const inTwoSlots = ["stock", "payment"];

async function startMaster(): Promise<RedisServer> {
  const cluster = await startCluster({ masters: 1 });
  onTestFinished(() => cluster.stop());
  return cluster.nodes[0] as RedisServer;
}

const soleMaster = async () => (await startMaster()).port;

/** Starts a replica of the only master of a Cluster. */
async function startReplica(master: RedisServer): Promise<RedisServer> {
  const args = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"];
  const replica = await startServer({ args: [...args, "--cluster-announce-ip", "127.0.0.1"] });
  onTestFinished(() => replica.stop());
  const id = String(await master.call("CLUSTER", "MYID"));
  await replica.call("CLUSTER", "MEET", "127.0.0.1", master.port);
  await waitUntil("the servers know each other", 30_000, async () => {
    return String(await replica.call("CLUSTER", "NODES")).includes(`${id} 127.0.0.1:${master.port}`);
  });
  await replica.call("CLUSTER", "REPLICATE", id);
  await waitUntil("the replica has the data", 30_000, async () => {
    return String(await replica.call("INFO", "replication")).includes("master_link_status:up");
  });
  return replica;
}

describe.each(Object.entries(opens))("%s of the only master of a Cluster", (_, open) => {
  it("grants, renews, inspects and releases leases in all hash slots", async () => {
    const port = await soleMaster();
    const locks = locksOf([open(port)], slowOptions);
    const others = locksOf([open(port)], slowOptions);
    await locks.ready({ timeout: 20_000 });
    const resources = Array.from({ length: 20 }, (_, index) => `r${index}`);
    const leases = await Promise.all(
      resources.map((resource) => locks.acquire(resource, { fence: true, wait: 20_000 })),
    );
    for (const resource of resources) expect(await others.tryAcquire(resource)).toBeNull();
    await Promise.all(leases.map((lease) => lease.renew(60_000)));
    for (const lease of leases) expect(lease.remaining()).toBeGreaterThan(30_000);
    const next = others.acquire("r0", { fence: true, wait: 20_000 });
    for (const lease of leases) expect(await lease.release()).toBe("released");
    const { fence } = await next;
    expect(fence).toBeGreaterThan(leases[0]?.fence ?? 0);
    const both = ["{order:7}:stock", "{order:7}:payment"];
    expect(await (await locks.acquire(both)).release()).toBe("released");
    await expect(locks.acquire(inTwoSlots)).rejects.toThrow(/same hash tag/);
  });

  it("follows a failover to the server that now answers under its name", async () => {
    const master = await startMaster();
    const replica = await startReplica(master);
    const proxy = await startProxy(master.port);
    onTestFinished(() => proxy.close());
    const locks = locksOf([open(proxy.port)], slowOptions);
    await (await locks.acquire("a", { wait: 20_000 })).release();
    await replica.call("CLUSTER", "FAILOVER", "TAKEOVER");
    await waitUntil("the old master is a replica", 30_000, async () => {
      return String(await master.call("INFO", "replication")).includes("role:slave");
    });
    proxy.target = replica.port;
    const lease = await locks.acquire("a", { wait: 30_000 });
    expect(await lease.release()).toBe("released");
  });

  it("says at once that resources of several hash slots cannot be locked together", async () => {
    const locks = locksOf([open(await soleMaster())], slowOptions);
    const error = await rejection(locks.acquire(inTwoSlots, { wait: 600_000 }));
    expect(error.message).toMatch(/same hash tag/);
  });
});

describe.each(Object.entries(opens))("%s of one of several masters of a Cluster", (_, open) => {
  it("says at once that a client of the whole Cluster is needed", async () => {
    for (const port of sharedCluster().ports) {
      const locks = locksOf([open(port)], { prefix: uniqueName(), ...slowOptions });
      const unready = await rejection(locks.ready({ timeout: 600_000 }));
      expect(unready.message).toMatch(needsWholeClient);
      const ungranted = await rejection(locks.acquire("a", { wait: 600_000 }));
      expect(ungranted.message).toMatch(needsWholeClient);
    }
  });
});

it("the Redlock class takes locks on the only master of a Cluster", async () => {
  const redlock = new Redlock([clients.ioredis(await soleMaster())], { retryCount: 50 });
  onTestFinished(() => redlock.quit());
  const lock = await redlock.acquire(["account:1"], 60_000);
  await lock.release();
});

it("a user of the only master of a Cluster needs only the keys of the locks", async () => {
  const master = await startMaster();
  await master.call("ACL", "SETUSER", "app", "reset", "on", ">secret", "+@all", "~lock:*");
  const locks = locksOf([`redis://app:secret@127.0.0.1:${master.port}`], slowOptions);
  for (const resource of ["lock:a", "lock:b", "lock:c"]) {
    const lease = await locks.acquire(resource, { wait: 20_000 });
    expect(await locks.tryAcquire(resource)).toBeNull();
    expect(await lease.release()).toBe("released");
  }
});

it("a Sentinel's own address needs a client that is given its Sentinels", async () => {
  const locks = locksOf([`redis://127.0.0.1:${sharedSentinel().sentinelPorts[0]}`], slowOptions);
  const error = await rejection(locks.acquire("a", { wait: 600_000 }));
  expect(error.message).toMatch(/if it is a Sentinel, pass a client that is given its Sentinels/);
});
