import { randomUUID } from "node:crypto";
import { Cluster, Redis } from "ioredis";
import { createCluster, createSentinel } from "redis";
import { describe, expect, test } from "vitest";
import { callRedis, startSentinel, waitUntil } from "./servers.js";
import { sharedCluster, sharedSentinel } from "./shared-servers.js";

const HOST = "127.0.0.1";

/** Enough keys that each third of the slots gets some: a third stays empty once in 10^17 runs. */
const KEYS = 100;

async function keysByMaster(prefix: string): Promise<number[]> {
  const found = sharedCluster().ports.map((port) => callRedis(port, ["KEYS", `${prefix}*`]));
  return (await Promise.all(found)).map((keys) => (keys as string[]).length);
}

describe("the Cluster", () => {
  const { ports } = sharedCluster();

  test("spreads the keys that ioredis writes over three masters", async () => {
    const prefix = `${randomUUID()}:`;
    const client = new Cluster(ports.map((port) => ({ host: HOST, port })));
    try {
      for (let key = 0; key < KEYS; key += 1) await client.set(`${prefix}${key}`, key, "PX", 30_000);
      expect(await client.get(`${prefix}7`)).toBe("7");
    } finally {
      client.disconnect();
    }
    await expectSpread(prefix);
  });

  test("spreads the keys that node-redis writes over three masters", async () => {
    const prefix = `${randomUUID()}:`;
    const client = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://${HOST}:${port}` })) });
    client.on("error", () => undefined);
    await client.connect();
    try {
      for (let key = 0; key < KEYS; key += 1)
        await client.set(`${prefix}${key}`, String(key), { PX: 30_000 });
      expect(await client.get(`${prefix}7`)).toBe("7");
    } finally {
      client.destroy();
    }
    await expectSpread(prefix);
  });

  async function expectSpread(prefix: string): Promise<void> {
    const counts = await keysByMaster(prefix);
    expect(counts).toHaveLength(3);
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(KEYS);
  }
});

describe("the Sentinel set", () => {
  const { name, sentinelPorts, masterPort, replicaPort } = sharedSentinel();
  const nodes = sentinelPorts.map((port) => ({ host: HOST, port }));

  test("directs ioredis to the master, whose writes reach the replica", async () => {
    const key = randomUUID();
    const client = new Redis({ sentinels: nodes, name });
    try {
      await client.set(key, "value", "PX", 30_000);
      expect(await client.info("server")).toContain(`tcp_port:${masterPort}`);
    } finally {
      client.disconnect();
    }
    await waitUntil("the replica has the key", 5_000, async () => {
      return (await callRedis(replicaPort, ["GET", key])) === "value";
    });
  });

  test("directs node-redis to the master", async () => {
    const client = createSentinel({ name, sentinelRootNodes: nodes });
    client.on("error", () => undefined);
    await client.connect();
    try {
      expect(await client.sendCommand(false, ["INFO", "server"])).toContain(`tcp_port:${masterPort}`);
    } finally {
      client.destroy();
    }
  });

  test("of a single test promotes the replica when the master dies", { timeout: 60_000 }, async () => {
    const own = await startSentinel();
    try {
      await own.master.kill();
      await waitUntil("the replica is the master", 40_000, async () => {
        return String(await own.replica.call("ROLE")).startsWith("master");
      });
    } finally {
      await own.stop();
    }
  });
});
