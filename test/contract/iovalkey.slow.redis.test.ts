import { Cluster, Redis } from "iovalkey";
import { afterAll, beforeAll } from "vitest";
import { type RedisCluster, type RedisServer, startCluster, startServer } from "../support/servers.js";
import { ioredisSubject } from "./clients.js";
import { describeNodeContract } from "./node-contract.js";
import { describeQueueContract } from "./queue-contract.js";
import { queuesOfCluster, queuesOfServer } from "./queue-view.js";
import { describeConnectionContract, describeRedisContract } from "./redis-contract.js";
import { type ServerView, viewOfCluster, viewOfServer } from "./server-view.js";
import { describeSetsContract } from "./sets-contract.js";
import type { Open } from "./subject.js";
import { describeSubscriptionContract } from "./subscription-contract.js";

/** Servers for this suite alone, which flushes their scripts. */
let server: RedisServer;
let cluster: RedisCluster;
beforeAll(async () => {
  [server, cluster] = await Promise.all([startServer(), startCluster()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), cluster.stop()]);
});

const open: Open = () =>
  ioredisSubject(new Redis({ port: server.port, lazyConnect: true, keyPrefix: "app:" }));
const stored = { prefix: "app:" };
describeNodeContract("iovalkey", open);
describeRedisContract("iovalkey", open, (): ServerView => viewOfServer(server.port, stored));
describeQueueContract("iovalkey", open, () => queuesOfServer(server.port, stored));
describeSetsContract("iovalkey", open);
describeConnectionContract("iovalkey", open);
describeSubscriptionContract("iovalkey", open, () => [server]);

const firstPort = () => cluster.ports[0] as number;
const openCluster: Open = () =>
  ioredisSubject(new Cluster([{ host: "127.0.0.1", port: firstPort() }], { lazyConnect: true }));
describeNodeContract("iovalkey Cluster", openCluster);
describeRedisContract("iovalkey Cluster", openCluster, () => viewOfCluster(firstPort()));
describeQueueContract("iovalkey Cluster", openCluster, () => queuesOfCluster(firstPort()));
describeConnectionContract("iovalkey Cluster", openCluster);
describeSubscriptionContract("iovalkey Cluster", openCluster, () => cluster.nodes);
