import { Decoder } from "@valkey/valkey-glide";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisCluster, type RedisServer, startCluster, startServer } from "../support/servers.js";
import { openGlide, openGlideCluster } from "./glide-clients.js";
import { describeNodeContract } from "./node-contract.js";
import { describeQueueContract } from "./queue-contract.js";
import { queuesOfCluster, queuesOfServer } from "./queue-view.js";
import { describeRedisContract } from "./redis-contract.js";
import { viewOfCluster, viewOfServer } from "./server-view.js";
import { describeSetsContract } from "./sets-contract.js";
import {
  acquire,
  granted,
  type Open,
  one,
  openReady,
  reachesConnection,
  tokenOf,
  uniqueKey,
} from "./subject.js";
import { RecordingListener, subscribe } from "./subscription-contract.js";

/** Servers for this suite alone, which flushes their scripts. */
let server: RedisServer;
let cluster: RedisCluster;
beforeAll(async () => {
  [server, cluster] = await Promise.all([startServer(), startCluster()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), cluster.stop()]);
});

const port = () => server.port;
const ports = () => cluster.ports;
const firstPort = () => cluster.ports[0] as number;

const standalone: [string, Open, number][] = [
  ["GLIDE", openGlide(port), 0],
  [
    "GLIDE with bytes, a database and a lazy connection",
    openGlide(port, { defaultDecoder: Decoder.Bytes, databaseId: 3, lazyConnect: true }),
    3,
  ],
];

for (const [name, open, db] of standalone) {
  describeNodeContract(name, open);
  describeRedisContract(name, open, () => viewOfServer(server.port, { db }));
  describeQueueContract(name, open, () => queuesOfServer(server.port, { db }));
  describeSetsContract(name, open);
}

const openCluster = openGlideCluster(ports);
describeNodeContract("GLIDE Cluster", openCluster);
describeRedisContract("GLIDE Cluster", openCluster, () => viewOfCluster(firstPort()));
describeQueueContract("GLIDE Cluster", openCluster, () => queuesOfCluster(firstPort()));

const subscribers = async () => {
  const list = String(await server.call("CLIENT", "LIST", "TYPE", "pubsub"));
  return list.split("\n").filter((line) => line !== "").length;
};

test("GLIDE's subscriptions share one connection, survive its loss, and end with it", async () => {
  const { node, end } = await openReady(openGlide(port));
  const [channel, first, second] = [uniqueKey(), new RecordingListener(), new RecordingListener()];
  const endFirst = subscribe(node, channel, first);
  const endSecond = subscribe(node, channel, second);
  await expect.poll(() => [first.state, second.state]).toEqual(["subscribed", "subscribed"]);
  await expect.poll(subscribers).toBe(1);
  await server.call("CLIENT", "KILL", "TYPE", "pubsub");
  await expect
    .poll(async () => {
      await server.call("PUBLISH", channel, "again");
      return first.messages.length > 0 && second.messages.length > 0;
    })
    .toBe(true);
  endFirst();
  endSecond();
  await expect.poll(subscribers).toBe(0);
  await end();
});

test.each([
  ["GLIDE", openGlide(port, { requestTimeout: 500 })],
  ["GLIDE Cluster", openCluster],
])("%s is down once its user has closed it, and votes fail at once", async (_, open) => {
  const { node, end } = await openReady(open);
  const down = reachesConnection(node, "down");
  await end();
  await down;
  expect(await one(node, acquire(uniqueKey(), tokenOf("me")))).toMatchObject({
    kind: "failed",
    reason: "notReady",
    message: expect.stringContaining("the program closed it"),
  });
});

test("GLIDE without connection events: a server that is lost is noticed, and its return too", async () => {
  const own = await startServer();
  try {
    const { node, end } = await openReady(openGlide(() => own.port, { requestTimeout: 500 }));
    expect(await one(node, acquire(uniqueKey(), tokenOf("me")))).toEqual(granted);
    await own.kill();
    await reachesConnection(node, "down");
    expect(node.trouble).not.toBe("");
    await own.restart();
    await reachesConnection(node, "ready");
    expect(await one(node, acquire(uniqueKey(), tokenOf("me")))).toEqual(granted);
    await end();
  } finally {
    await own.stop();
  }
});
