import { randomUUID } from "node:crypto";
import { Cluster, Redis } from "ioredis";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";

/** What a node keeps beside its locks, seen past it. */
export interface QueueView {
  /** Lets time pass for those who wait for this key: the past is moved, nobody has to wait for it. */
  elapse(key: string, ms: number): Promise<void>;
  /** Names of what there is beside this key; in a memory node of everything, so compare before and after. */
  beside(key: string): Promise<readonly string[]>;
  /** What this process was told so far, in order. */
  heard(process: string): Promise<string[]>;
  close(): void;
}

const barrierChannel = "holdfast:wake:barrier";

const age = `
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return end
assert(left >= 0, 'a queue that never expires')
for _, mark in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(0')) do
  redis.call('ZINCRBY', KEYS[1], ARGV[1], mark)
end
if left > tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], left - ARGV[1]) else redis.call('DEL', KEYS[1]) end
`;

/** `queueKey` names the sorted set in the server of a lock's key. */
async function view(client: Redis | Cluster, queueKey: (key: string) => string): Promise<QueueView> {
  await client.ping();
  const servers = (): Redis[] => (client instanceof Cluster ? client.nodes("master") : [client]);
  const listener: Redis | Cluster = client instanceof Cluster ? client.duplicate() : client.duplicate();
  const told: [channel: string, message: string][] = [];
  const barriers = new Map<string, () => void>();
  listener.on("pmessage", (_pattern: string, channel: string, message: string) => {
    if (channel === barrierChannel) barriers.get(message)?.();
    else told.push([channel, message]);
  });
  await listener.psubscribe("holdfast:wake:*");
  /** Whatever this server published before has arrived. */
  const hasArrived = async (server: Redis) => {
    const barrier = randomUUID();
    const arrived = new Promise<void>((resolve) => barriers.set(barrier, resolve));
    await server.publish(barrierChannel, barrier);
    await arrived;
  };
  return {
    elapse: async (key, ms) => {
      await client.eval(age, 1, queueKey(key), ms);
    },
    beside: async (key) => {
      const pattern = `*holdfast:*${key}*`;
      const found = await Promise.all(servers().map((server) => server.keys(pattern)));
      return found.flat().sort();
    },
    heard: async (process) => {
      await Promise.all(servers().map(hasArrived));
      return told.filter(([channel]) => channel === `holdfast:wake:${process}`).map(([, message]) => message);
    },
    close: () => {
      listener.disconnect();
      client.disconnect();
    },
  };
}

export const queuesOfServer = (port: number, { prefix = "", db = 0 } = {}): Promise<QueueView> =>
  view(new Redis({ port, db }), (key) => prefix + sideKeysOf(false).queue(key));

export const queuesOfCluster = (port: number, { prefix = "" } = {}): Promise<QueueView> =>
  view(
    new Cluster([{ host: "127.0.0.1", port }]),
    (key) => prefix + sideKeysOf(true, () => prefix).queue(key),
  );
