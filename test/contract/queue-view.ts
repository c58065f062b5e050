import { randomUUID } from "node:crypto";
import { Cluster, Redis } from "ioredis";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";

/** Direct access to what a node stores beside its locks. */
export interface QueueView {
  /** Advances time for the waiters of this key by moving recorded times into the past. */
  elapse(key: string, ms: number): Promise<void>;
  /** Names of the entries beside this key. A memory node covers all keys, so compare before and after. */
  beside(key: string): Promise<readonly string[]>;
  /** The messages that this process has received so far, in order. */
  messages(process: string): Promise<string[]>;
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

/** `queueKey` maps a lock's key to the sorted set on the server. */
async function view(client: Redis | Cluster, queueKey: (key: string) => string): Promise<QueueView> {
  await client.ping();
  const servers = (): Redis[] => (client instanceof Cluster ? client.nodes("master") : [client]);
  const listener: Redis | Cluster = client instanceof Cluster ? client.duplicate() : client.duplicate();
  const messages: [channel: string, message: string][] = [];
  const barriers = new Map<string, () => void>();
  listener.on("pmessage", (_pattern: string, channel: string, message: string) => {
    if (channel === barrierChannel) barriers.get(message)?.();
    else messages.push([channel, message]);
  });
  await listener.psubscribe("holdfast:wake:*");
  /** Resolves when every message that this server published before has arrived. */
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
    messages: async (process) => {
      await Promise.all(servers().map(hasArrived));
      return messages
        .filter(([channel]) => channel === `holdfast:wake:${process}`)
        .map(([, message]) => message);
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
