import type { TestProject } from "vitest/node";
import { giveMemory } from "./memory.js";
import { callRedis, startCluster, startSentinel, startServer } from "./servers.js";
import type {} from "./shared-servers.js";
import { startAll, stopAll } from "./start-all.js";

const SERVERS = 5;
/** Long, because no test stops the shared master: only a very busy machine could cause a failover. */
const DOWN_AFTER_MS = 10_000;

/**
 * Starts what the tests of one run share: five servers, one Cluster, one Sentinel set. `shared-servers.ts` gives the tests
 * their addresses. A test that disturbs a server (kill, SIGSTOP, configuration) starts its own with `startServer`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // If one of them cannot start, the run ends, and the keeper stops the others.
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
  return async () => {
    const replicated = await portsWithReplicas(servers.map(({ port }) => port));
    await stopAll([...servers, cluster, sentinel]);
    if (replicated.length > 0)
      throw new Error(
        `A test made a replica of a shared server (${replicated}), which other tests can see: start a master`,
      );
  };
}

/** The servers that ever had a replica, which a test attached. */
async function portsWithReplicas(ports: readonly number[]): Promise<number[]> {
  const stats = await Promise.all(ports.map((port) => callRedis(port, ["INFO", "stats"])));
  return ports.filter((_, index) => !/^sync_full:0\r?$/m.test(String(stats[index])));
}
