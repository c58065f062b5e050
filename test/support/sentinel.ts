import type { RedisServer } from "./server.js";
import { startAll, stopAll } from "./start-all.js";
import { startServer } from "./start-server.js";
import { waitUntil } from "./wait-until.js";

const NAME = "holdfast-master";
const SENTINELS = 3;
const QUORUM = 2;
/** Sentinels discover each other through messages every 2 s. */
const FORMED_TIMEOUT_MS = 30_000;

export interface SentinelOptions {
  /** How long the master must be silent until it counts as down, in ms. Default 1000. */
  readonly downAfterMs?: number;
}

export interface RedisSentinelSet {
  readonly name: string;
  /** The initial master; a failover changes the roles, but not this field. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  readonly sentinelPorts: readonly number[];
  stop(): Promise<void>;
}

/** Starts a master with a replica and three sentinels, and waits until all of them know each other. */
export async function startSentinel({
  downAfterMs = 1_000,
}: SentinelOptions = {}): Promise<RedisSentinelSet> {
  const started: RedisServer[] = [];
  try {
    // By default, the master waits 5 s for further replicas before it starts a transfer.
    const args = ["--repl-diskless-sync-delay", "0"];
    const master = await startServer({ args });
    started.push(master);
    const replica = await startServer({ args: [...args, "--replicaof", `127.0.0.1 ${master.port}`] });
    started.push(replica);
    await waitUntil("the replica follows its master", FORMED_TIMEOUT_MS, async () =>
      String(await replica.call("INFO", "replication")).includes("master_link_status:up"),
    );
    const configuration = sentinelConfiguration(master.port, downAfterMs);
    const start = () => startServer({ configuration, args: ["--sentinel"] });
    const sentinels = await startAll(Array.from({ length: SENTINELS }, () => start));
    started.push(...sentinels);
    await Promise.all(sentinels.map(knowsEverybody));
    const sentinelPorts = sentinels.map(({ port }) => port);
    return { name: NAME, master, replica, sentinels, sentinelPorts, stop: () => stopAll(started) };
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

function sentinelConfiguration(masterPort: number, downAfterMs: number): string {
  return [
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    // A failed election is repeated after twice this time.
    `sentinel failover-timeout ${NAME} ${Math.max(5_000, downAfterMs)}`,
    "",
  ].join("\n");
}

function knowsEverybody(sentinel: RedisServer): Promise<void> {
  return waitUntil(`sentinel ${sentinel.port} knows all members`, FORMED_TIMEOUT_MS, async () => {
    const info = String(await sentinel.call("INFO", "sentinel"));
    return info.includes(`name=${NAME},status=ok`) && info.includes(`slaves=1,sentinels=${SENTINELS}`);
  });
}
