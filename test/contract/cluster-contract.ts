import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisCluster, startCluster } from "../support/servers.js";
import { ioredisSubject, nodeRedisSubject, type Versions } from "./clients.js";
import { describeNodeContract } from "./node-contract.js";
import { describeQueueContract } from "./queue-contract.js";
import { queuesOfCluster } from "./queue-view.js";
import { describeConnectionContract, describeRedisContract } from "./redis-contract.js";
import { viewOfCluster } from "./server-view.js";
import { acquire, granted, type Open, openReady, run, tokenOf, uniqueKey } from "./subject.js";
import { describeSubscriptionContract } from "./subscription-contract.js";

let cluster: RedisCluster;

const startupNodes = () => cluster.ports.map((port) => ({ host: "127.0.0.1", port }));

const rootNodes = () => cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));

function describeCluster(name: string, open: Open, stored: { prefix?: string } = {}): void {
  describeNodeContract(name, open);
  describeRedisContract(name, open, () => viewOfCluster(cluster.ports[0] as number, stored));
  describeQueueContract(name, open, () => queuesOfCluster(cluster.ports[0] as number, stored));
  describeConnectionContract(name, open);
  describeSubscriptionContract(name, open, () => cluster.nodes);

  test(`${name} keeps no record of sets, and shares no watermark: a Cluster has one for each hash slot`, async () => {
    const { node, end } = await openReady(open);
    expect(await node.recordSets?.("*,b,c ", "", 9)).toEqual({ watermark: 0, uses: [] });
    const keys = await Promise.all(cluster.nodes.map((server) => server.call("KEYS", "*holdfast:sets*")));
    expect(keys.flat()).toEqual([]);
    await end();
  });

  // A prefix with a hash tag puts all keys into one slot.
  if (stored.prefix?.includes("{")) return;
  test(`${name} fails only commands whose keys are in different slots`, async () => {
    const { node, end } = await openReady(open);
    const apart = [uniqueKey(), uniqueKey(), uniqueKey(), uniqueKey()];
    const replies = await run(
      node,
      acquire(uniqueKey(), tokenOf("me")),
      acquire(apart, tokenOf("me")),
      acquire(uniqueKey(), tokenOf("me")),
    );
    const message = expect.stringMatching(/^CROSSSLOT/);
    const scattered = { kind: "failed", reason: "refused", message, lasting: true };
    expect(replies).toEqual([granted, scattered, granted]);
    expect(node.sharded).toBe(true);
    await end();
  });
}

/** The contract of every Cluster client, on a Cluster for this file alone. */
export function describeClusterContract({ ioredis, nodeRedis }: Versions): void {
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  for (const [name, { Cluster }] of ioredis) {
    describeCluster(`${name} Cluster`, () =>
      ioredisSubject(new Cluster(startupNodes(), { lazyConnect: true })),
    );
    describeCluster(
      `${name} Cluster with a prefix`,
      () =>
        ioredisSubject(
          new Cluster(startupNodes(), { lazyConnect: true, keyPrefix: "{app}:", enableAutoPipelining: true }),
        ),
      { prefix: "{app}:" },
    );
    describeCluster(
      `${name} Cluster with a prefix of its connections`,
      () =>
        ioredisSubject(
          new Cluster(startupNodes(), {
            lazyConnect: true,
            redisOptions: { keyPrefix: "app:", stringNumbers: true },
          }),
        ),
      { prefix: "app:" },
    );
  }

  for (const [name, { createCluster }] of nodeRedis) {
    describeCluster(`${name} Cluster`, () => nodeRedisSubject(createCluster({ rootNodes: rootNodes() })));
    describeCluster(`${name} Cluster with few connections`, () =>
      nodeRedisSubject(createCluster({ rootNodes: rootNodes(), minimizeConnections: true, RESP: 3 })),
    );
  }
}
