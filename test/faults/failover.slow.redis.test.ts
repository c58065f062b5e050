import { describe, expect, it, onTestFinished } from "vitest";
import { type RedisServer, startSentinel, waitUntil } from "../support/servers.js";
import { findOverlaps } from "./check-exclusion.js";
import { findFenceFaults } from "./check-fences.js";
import type { Vote } from "./client.js";
import { startFailingCluster } from "./cluster-failover.js";
import { isMaster } from "./groups.js";
import { standardOptions, Testbed } from "./testbed.js";

const by = (client: number) => (client % 2 === 0 ? "ioredis" : "node-redis");

/** Whether the server has granted a lock within the last half second. */
async function hasGranted(server: RedisServer, prefix: string): Promise<boolean> {
  const keys = (await server.call("KEYS", `${prefix}*`)) as string[];
  const left = await Promise.all(keys.map((key) => server.call("PTTL", key)));
  return left.some((ms) => Number(ms) > standardOptions.ttl - 500);
}

/** Runs three processes on two servers and one vote that fails over. All must continue, with increasing fences. */
async function failOver(
  vote: (client: number) => Vote,
  master: RedisServer,
  replica: RedisServer,
): Promise<void> {
  // Few resources, so that each process gets leases before and after the failover.
  const resources = { short: 3, long: 1 };
  const testbed = await Testbed.start({
    servers: 2,
    clients: 3,
    resources,
    more: (client) => [vote(client)],
  });
  onTestFinished(() => testbed.stop());
  await testbed.open();
  const had = async () => (await testbed.recorder.record()).leases.length;
  await waitUntil("many leases were granted", 15_000, async () => (await had()) > 50);
  await master.kill();
  await waitUntil("the replica is the master", 20_000, () => isMaster(replica));
  // The new master abstains first, because it counts as a node that lost its memory.
  await waitUntil("the new master grants", 20_000, () => hasGranted(replica, testbed.prefix));
  // From now on there is no quorum without the new master.
  await testbed.servers[0]?.suspend();
  const before = await had();
  await waitUntil("many leases were granted with its vote", 20_000, async () => (await had()) > before + 50);
  testbed.servers[0]?.resume();
  expect(await testbed.finish()).toEqual([]);
  const { leases, notes } = await testbed.recorder.record();
  expect(findFenceFaults(leases)).toEqual([]);
  expect(notes.filter(({ crash }) => crash !== undefined)).toEqual([]);
  // Overlaps are possible: the new master may not know the grants of the old master.
  console.log(
    `${leases.length} leases over a failover inside one vote, ${findOverlaps(leases).length} overlaps`,
  );
}

describe("a failover inside one vote", () => {
  it("of a Sentinel set keeps fences increasing", { timeout: 120_000 }, async () => {
    const set = await startSentinel({ downAfterMs: 500 });
    onTestFinished(() => set.stop());
    const { name, sentinelPorts: ports, master, replica } = set;
    await failOver((client) => ({ kind: "sentinel", by: by(client), name, ports }), master, replica);
  });

  it("of a Cluster's master keeps fences increasing", { timeout: 120_000 }, async () => {
    const { cluster, replica, stop } = await startFailingCluster();
    onTestFinished(stop);
    const master = cluster.nodes[0] as RedisServer;
    await failOver((client) => ({ kind: "cluster", by: by(client), ports: cluster.ports }), master, replica);
  });
});
