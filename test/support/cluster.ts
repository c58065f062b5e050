import type { RedisServer } from "./server.js";
import { startAll, stopAll } from "./start-all.js";
import { startServer } from "./start-server.js";
import { waitUntil } from "./wait-until.js";

const SLOTS = 16_384;
/** Masters wait some seconds before they report the state ok; a busy machine needs longer. */
const FORMED_TIMEOUT_MS = 30_000;
/** Long, so that a busy machine does not look like a failed node. */
const NODE_TIMEOUT_MS = 5_000;

export interface ClusterOptions {
  /** The number of masters. Default 3. */
  readonly masters?: number;
}

/** Masters without replicas. The slots are distributed evenly, in the order of the masters. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** Starts a Cluster, and waits until every node reports that the Cluster is complete. */
export async function startCluster({ masters = 3 }: ClusterOptions = {}): Promise<RedisCluster> {
  const args = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"];
  args.push("--cluster-node-timeout", String(NODE_TIMEOUT_MS), "--cluster-announce-ip", "127.0.0.1");
  const nodes = await startAll(Array.from({ length: masters }, () => () => startServer({ args })));
  try {
    await form(nodes);
  } catch (error) {
    await stopAll(nodes);
    throw error;
  }
  return { nodes, ports: nodes.map(({ port }) => port), stop: () => stopAll(nodes) };
}

async function form(nodes: readonly RedisServer[]): Promise<void> {
  const [first, ...others] = nodes;
  if (!first) throw new RangeError("A Cluster has at least one master");
  for (const [index, node] of nodes.entries()) {
    const from = Math.floor((index * SLOTS) / nodes.length);
    const to = Math.floor(((index + 1) * SLOTS) / nodes.length);
    await node.call(
      "CLUSTER",
      "ADDSLOTS",
      ...Array.from({ length: to - from }, (_, offset) => from + offset),
    );
    // Different epochs from the start, so that the nodes have no conflict to resolve.
    await node.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  }
  for (const { port } of others) await first.call("CLUSTER", "MEET", "127.0.0.1", port);
  await Promise.all(
    nodes.map((node) =>
      waitUntil(`the Cluster is whole for port ${node.port}`, FORMED_TIMEOUT_MS, async () => {
        const info = String(await node.call("CLUSTER", "INFO"));
        return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${nodes.length}\r`);
      }),
    ),
  );
}
