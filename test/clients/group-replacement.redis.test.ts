import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { slotOf } from "../../src/engine/protocol/hash-slot.js";
import { ioredisSubject, ioredisVersions, nodeRedisSubject, nodeRedisVersions } from "../contract/clients.js";
import {
  acquire,
  granted,
  type Open,
  one,
  openReady,
  reachesConnection,
  type Subject,
  tokenOf,
} from "../contract/subject.js";
import {
  type RedisCluster,
  type RedisSentinelSet,
  type RedisServer,
  startCluster,
  startSentinel,
  waitUntil,
} from "../support/servers.js";

let subject: Subject | null = null;
/** Resumed after each test: a server that a failed test left suspended would block the later tests. */
let suspended: RedisServer[] = [];
afterEach(async () => {
  for (const server of suspended) server.resume();
  suspended = [];
  await subject?.node.close();
  await subject?.end();
  subject = null;
});

async function start(open: Open): Promise<LockNode> {
  subject = await openReady(open);
  subject.node.watch(() => {});
  return subject.node;
}

const lost = { kind: "failed", reason: "connection", message: expect.stringMatching(/silent/) };
let serial = 0;
const takes = async (node: LockNode, key: string) =>
  (await one(node, acquire(`${key}:${++serial}`, tokenOf("me")))).kind === "granted";

describe("a Cluster with one unresponsive master", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  const startup = () => cluster.ports.map((port) => ({ host: "127.0.0.1", port }));
  const clients: [string, Open][] = [
    ...ioredisVersions.map(([name, { Cluster }]): [string, Open] => [
      name,
      () => ioredisSubject(new Cluster(startup(), { lazyConnect: true })),
    ]),
    ...nodeRedisVersions.map(([name, { createCluster }]): [string, Open] => [
      name,
      () => nodeRedisSubject(createCluster({ rootNodes: startup().map((socket) => ({ socket })) })),
    ]),
  ];
  /** A key of the first master, and a key of the last. */
  const keyBetween = (from: number, to: number): string => {
    for (let n = 0; ; n++) {
      const slot = slotOf(`{${n}}`);
      if (slot >= from && slot < to) return `{${n}}`;
    }
  };
  /** Acquires a key in slots of every master, so that the connections to all masters are open. */
  const grantsEverywhere = (node: LockNode) =>
    waitUntil("all masters grant", 30_000, async () => {
      for (const [index] of cluster.nodes.slice(0, 3).entries()) {
        const from = 5_500 * index;
        if (!(await takes(node, keyBetween(from, from + 5_000)))) return false;
      }
      return true;
    });
  const connectionsTo = async (server: RedisServer, lastCommand = /./): Promise<string[]> =>
    String(await server.call("CLIENT", "LIST"))
      .split("\n")
      .filter((line) => lastCommand.test(line))
      .map((line) => line.split(" ")[0] ?? "");

  test.each(clients)("%s: that connection is replaced, and no other", async (_, open) => {
    const node = await start(open);
    const [silent, healthy] = [cluster.nodes[0], cluster.nodes[2]] as [RedisServer, RedisServer];
    const [there, elsewhere] = [keyBetween(0, 5_000), keyBetween(11_000, 16_384)];
    await grantsEverywhere(node);
    const before = await connectionsTo(healthy, /cmd=eval/);
    expect(before).not.toEqual([]);

    suspended = [silent];
    await silent.suspend();
    const answer = one(node, acquire(`${there}:unanswered`, tokenOf("me")));
    expect(await takes(node, elsewhere)).toBe(true);
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(await answer).toEqual(lost);
    expect(await takes(node, elsewhere)).toBe(true);
    silent.resume();
    await waitUntil("the slots of the silent master are granted again", 30_000, () => takes(node, there));
    expect(await takes(node, elsewhere)).toBe(true);
    expect(await connectionsTo(healthy)).toEqual(expect.arrayContaining(before));
  });

  test.each(clients)("%s: nothing is replaced while all of them answer", async (_, open) => {
    const node = await start(open);
    const there = keyBetween(0, 5_000);
    // Waits, because a connection that is not ready yet counts as unresponsive.
    await grantsEverywhere(node);
    expect(node.replaceConnection?.()).toBe("tooSoon");
    expect(await takes(node, there)).toBe(true);
  });
});

describe("a Sentinel group with an unresponsive master", () => {
  let set: RedisSentinelSet;
  beforeAll(async () => {
    // Long enough that no failover happens during the test.
    set = await startSentinel({ downAfterMs: 60_000 });
  });
  afterAll(() => set.stop());

  const sentinels = () => set.sentinelPorts.map((port) => ({ host: "127.0.0.1", port }));
  const clients: [string, Open][] = [
    ...ioredisVersions.map(([name, { Redis }]): [string, Open] => [
      name,
      () => ioredisSubject(new Redis({ sentinels: sentinels(), name: set.name, lazyConnect: true })),
    ]),
    ...nodeRedisVersions.map(([name, { createSentinel }]): [string, Open] => [
      name,
      () => nodeRedisSubject(createSentinel({ name: set.name, sentinelRootNodes: sentinels() })),
    ]),
  ];

  test.each(clients)("%s: its connection is replaced", async (_, open) => {
    const node = await start(open);
    expect(await takes(node, "key")).toBe(true);
    suspended = [set.master];
    await set.master.suspend();
    const answer = one(node, acquire(`unanswered:${_}`, tokenOf("me")));
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(await answer).toEqual(lost);
    set.master.resume();
    await reachesConnection(node, "ready");
    await waitUntil("the master grants again", 30_000, () => takes(node, "key"));
    expect(await one(node, acquire(`again:${_}`, tokenOf("me")))).toEqual(granted);
  });
});
