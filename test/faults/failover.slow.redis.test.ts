import { describe, expect, it, onTestFinished } from "vitest";
import { type RedisServer, startSentinel, waitUntil } from "../support/servers.js";
import { findOverlaps } from "./check-exclusion.js";
import { findFenceFaults } from "./check-fences.js";
import type { Vote } from "./client.js";
import { startFailingCluster } from "./cluster-failover.js";
import { isMaster } from "./groups.js";
import { Stage, standardOptions } from "./stage.js";

const by = (client: number) => (client % 2 === 0 ? "ioredis" : "node-redis");

/** Whether it has granted a lock within the last half second. */
async function hasGranted(server: RedisServer, prefix: string): Promise<boolean> {
  const keys = (await server.call("KEYS", `${prefix}*`)) as string[];
  const left = await Promise.all(keys.map((key) => server.call("PTTL", key)));
  return left.some((ms) => Number(ms) > standardOptions.ttl - 500);
}

/** Two servers and one vote that fails over, while three processes take turns; all must go on with fences that grow. */
async function failOver(
  vote: (client: number) => Vote,
  master: RedisServer,
  replica: RedisServer,
): Promise<void> {
  // Few, so that each process has a turn before and after.
  const resources = { short: 3, long: 1 };
  const stage = await Stage.start({ servers: 2, clients: 3, resources, more: (client) => [vote(client)] });
  onTestFinished(() => stage.stop());
  await stage.open();
  const had = async () => (await stage.witness.record()).leases.length;
  await waitUntil("many leases were had", 15_000, async () => (await had()) > 50);
  await master.kill();
  await waitUntil("the replica is the master", 20_000, () => isMaster(replica));
  // The new master abstains first: to the others it is one that lost its memory.
  await waitUntil("the new master grants", 20_000, () => hasGranted(replica, stage.prefix));
  // From now on there is no quorum without it.
  await stage.servers[0]?.suspend();
  const before = await had();
  await waitUntil("many leases were had with its vote", 20_000, async () => (await had()) > before + 50);
  stage.servers[0]?.resume();
  expect(await stage.finish()).toEqual([]);
  const { leases, notes } = await stage.witness.record();
  expect(findFenceFaults(leases)).toEqual([]);
  expect(notes.filter(({ crash }) => crash !== undefined)).toEqual([]);
  // No promise: what the old master had granted, the new one may not know.
  console.log(
    `${leases.length} leases over a failover inside one vote, ${findOverlaps(leases).length} overlaps`,
  );
}

describe("a failover inside one vote", () => {
  it("of a Sentinel set lets fences hold", { timeout: 120_000 }, async () => {
    const set = await startSentinel({ downAfterMs: 500 });
    onTestFinished(() => set.stop());
    const { name, sentinelPorts: ports, master, replica } = set;
    await failOver((client) => ({ kind: "sentinel", by: by(client), name, ports }), master, replica);
  });

  it("of a Cluster's master lets fences hold", { timeout: 120_000 }, async () => {
    const { cluster, replica, stop } = await startFailingCluster();
    onTestFinished(stop);
    const master = cluster.nodes[0] as RedisServer;
    await failOver((client) => ({ kind: "cluster", by: by(client), ports: cluster.ports }), master, replica);
  });
});
