import { type RedisServer, startSentinel, waitUntil } from "../support/servers.js";
import type { Vote } from "./client.js";
import { startFailingCluster } from "./cluster-failover.js";

/** A failed election is repeated after 10 s. */
const FAILOVER_TIMEOUT_MS = 40_000;

export async function isMaster(server: RedisServer): Promise<boolean> {
  return String(await server.call("INFO", "replication")).includes("role:master");
}

/** A master and its replica, which swap roles at a failover. */
class Pair {
  constructor(
    private readonly one: RedisServer,
    private readonly other: RedisServer,
  ) {}

  /** Kills the master, and resolves when the two servers have swapped roles. */
  async failOver(): Promise<void> {
    const [master, replica] = (await isMaster(this.one)) ? [this.one, this.other] : [this.other, this.one];
    await master.kill();
    await waitUntil("the replica is the master", FAILOVER_TIMEOUT_MS, () => isMaster(replica));
    await master.start();
    await waitUntil("the former master follows", FAILOVER_TIMEOUT_MS, async () =>
      String(await master.call("INFO", "replication")).includes("master_link_status:up"),
    );
  }
}

/** A Sentinel set and a Cluster; each is one vote. */
export interface Groups {
  readonly sentinel: Pair;
  readonly cluster: Pair;
  votes(client: number): readonly Vote[];
  stop(): Promise<void>;
}

export async function startGroups(): Promise<Groups> {
  const set = await startSentinel({ downAfterMs: 500 });
  try {
    const { cluster, replica, stop } = await startFailingCluster();
    return {
      sentinel: new Pair(set.master, set.replica),
      cluster: new Pair(cluster.nodes[0] as RedisServer, replica),
      votes(client) {
        const by = client % 2 === 0 ? "ioredis" : "node-redis";
        return [
          { kind: "sentinel", by, name: set.name, ports: set.sentinelPorts },
          { kind: "cluster", by, ports: cluster.ports },
        ];
      },
      stop: async () => {
        await Promise.all([set.stop(), stop()]);
      },
    };
  } catch (error) {
    await set.stop();
    throw error;
  }
}
