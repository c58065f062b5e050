import { describe, expect, it, onTestFinished } from "vitest";
import { type RedisServer, startSentinel, waitUntil } from "../support/servers.js";
import { findOverlaps } from "./check-exclusion.js";
import { findFenceFaults } from "./check-fences.js";
import type { Vote } from "./client.js";
import { startFailingCluster } from "./cluster-failover.js";
import { isMaster } from "./groups.js";
import { Stage } from "./stage.js";

const by = (client: number) => (client % 2 === 0 ? "ioredis" : "node-redis");

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
  // It alone is not enough for a quorum any more, and one of the others is not, either.
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
