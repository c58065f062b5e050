import { afterAll, beforeAll } from "vitest";
import { type RedisSentinelSet, startSentinel } from "../support/servers.js";
import { ioredisSubject, nodeRedisSubject, type Versions } from "./clients.js";
import { describeNodeContract } from "./node-contract.js";
import { describeQueueContract } from "./queue-contract.js";
import { queuesOfServer } from "./queue-view.js";
import { describeConnectionContract, describeRedisContract } from "./redis-contract.js";
import { viewOfServer } from "./server-view.js";
import type { Open } from "./subject.js";
import { describeSubscriptionContract } from "./subscription-contract.js";

let set: RedisSentinelSet;

const sentinels = () => set.sentinelPorts.map((port) => ({ host: "127.0.0.1", port }));

function describeSentinel(name: string, open: Open, stored: { db?: number } = {}): void {
  describeNodeContract(name, open);
  describeRedisContract(name, open, () => viewOfServer(set.master.port, stored));
  describeQueueContract(name, open, () => queuesOfServer(set.master.port, stored));
  describeConnectionContract(name, open);
  describeSubscriptionContract(name, open, () => [set.master]);
}

/** The contract of every Sentinel client, on a Sentinel set for this file alone. */
export function describeSentinelContract({ ioredis, nodeRedis }: Versions): void {
  beforeAll(async () => {
    // Long enough that no failover happens during the test, even on a busy machine.
    set = await startSentinel({ downAfterMs: 10_000 });
  });
  afterAll(() => set.stop());

  for (const [name, { Redis }] of ioredis) {
    describeSentinel(`${name} Sentinel`, () =>
      ioredisSubject(new Redis({ sentinels: sentinels(), name: set.name, lazyConnect: true })),
    );
  }

  for (const [name, { createSentinel }] of nodeRedis) {
    const open = (options: object) => () =>
      nodeRedisSubject(createSentinel({ name: set.name, sentinelRootNodes: sentinels(), ...options }));
    describeSentinel(`${name} Sentinel`, open({}));
    describeSentinel(
      `${name} Sentinel with a pool and a database`,
      open({ masterPoolSize: 4, nodeClientOptions: { database: 2 } }),
      { db: 2 },
    );
    describeSentinel(
      `${name} Sentinel with a reserved client`,
      open({ reserveClient: true, masterPoolSize: 2 }),
    );
  }
}
