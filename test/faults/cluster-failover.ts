import {
  type RedisCluster,
  type RedisServer,
  startCluster,
  startServer,
  waitUntil,
} from "../support/servers.js";

const FORMED_TIMEOUT_MS = 30_000;
/** The time in ms without an answer after which the Cluster considers a master failed. */
const SILENCE_MS = 1_000;

export interface FailingCluster {
  readonly cluster: RedisCluster;
  /** The replica of the first master. */
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

/** Starts a Cluster whose first master has a replica. The replica is promoted about 2 s after the master has failed. */
export async function startFailingCluster(): Promise<FailingCluster> {
  const cluster = await startCluster();
  let replica: RedisServer | undefined;
  const stop = async () => {
    await Promise.all([cluster.stop(), replica?.stop()]);
  };
  try {
    const [first] = cluster.nodes;
    if (first === undefined) throw new Error("The Cluster has no master");
    const args = [
      "--cluster-enabled",
      "yes",
      "--cluster-config-file",
      "nodes.conf",
      "--repl-diskless-sync-delay",
      "0",
    ];
    const added = await startServer({ args: [...args, "--cluster-announce-ip", "127.0.0.1"] });
    replica = added;
    const id = String(await first.call("CLUSTER", "MYID"));
    await added.call("CLUSTER", "MEET", "127.0.0.1", first.port);
    await waitUntil("the replica knows its master", FORMED_TIMEOUT_MS, async () =>
      /^OK$/.test(String(await added.call("CLUSTER", "REPLICATE", id))),
    );
    await waitUntil("the replica follows its master", FORMED_TIMEOUT_MS, async () =>
      String(await added.call("INFO", "replication")).includes("master_link_status:up"),
    );
    for (const node of [...cluster.nodes, added]) {
      await waitUntil(
        `port ${node.port} knows all nodes, and the state of the Cluster is ok`,
        FORMED_TIMEOUT_MS,
        async () => {
          const info = String(await node.call("CLUSTER", "INFO"));
          return (
            info.includes("cluster_state:ok") &&
            info.includes(`cluster_known_nodes:${cluster.nodes.length + 1}\r`)
          );
        },
      );
      await node.call("CONFIG", "SET", "cluster-node-timeout", SILENCE_MS);
    }
    return { cluster, replica: added, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
