import type { TestProject } from "vitest/node";
import { giveMemory } from "./memory.js";
import { startCluster, startSentinel, startServer } from "./servers.js";
import type {} from "./shared-servers.js";
import { startAll, stopAll } from "./start-all.js";

const SERVERS = 5;
/** Nobody hurts the shared master: a failover could only come from a machine too busy to answer. */
const DOWN_AFTER_MS = 10_000;

/**
 * Starts what the tests of one run share: five servers, one Cluster, one Sentinel set; `shared-servers.ts` tells the
 * tests where they are. A test that hurts a server (kill, SIGSTOP, configuration) starts its own by `startServer`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // If one of them can't start, the run ends, and what did start ends with it.
  const [servers, cluster, sentinel] = await Promise.all([
    startAll(Array.from({ length: SERVERS }, () => startServer)),
    startCluster(),
    startSentinel({ downAfterMs: DOWN_AFTER_MS }),
  ]);
  await Promise.all(servers.map(({ port }) => giveMemory(port)));
  project.provide(
    "redisServers",
    servers.map(({ port, url, pid }) => ({ port, url, pid })),
  );
  project.provide("redisCluster", { ports: cluster.ports });
  const { name, sentinelPorts, master, replica } = sentinel;
  project.provide("redisSentinel", {
    name,
    sentinelPorts,
    masterPort: master.port,
    replicaPort: replica.port,
  });
  return () => stopAll([...servers, cluster, sentinel]);
}
