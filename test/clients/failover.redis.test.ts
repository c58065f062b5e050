import { afterEach, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { ioredisSubject, ioredisVersions, nodeRedisSubject, nodeRedisVersions } from "../contract/clients.js";
import {
  acquire,
  granted,
  one,
  openReady,
  reachesConnection,
  runIdOf,
  type Subject,
  tokenOf,
  uniqueKey,
} from "../contract/subject.js";
import { RecordingListener, subscribe } from "../contract/subscription-contract.js";
import { type RedisSentinelSet, startSentinel, waitUntil } from "../support/servers.js";

let set: RedisSentinelSet;
let subjects: Subject[] = [];
afterEach(async () => {
  for (const { node, end } of subjects) {
    await node.close();
    await end();
  }
  subjects = [];
  await set.stop();
});

const take = () => acquire(uniqueKey(), tokenOf("me"));

test("a Sentinel group that fails over stays one node: down, then ready on the new master, with another identity", async () => {
  set = await startSentinel({ downAfterMs: 500 });
  const sentinels = set.sentinelPorts.map((port) => ({ host: "127.0.0.1", port }));
  const options = { sentinels, name: set.name, lazyConnect: true, sentinelRetryStrategy: () => 100 };
  const opens = [
    ...ioredisVersions.map(
      ([, { Redis }]) =>
        () =>
          ioredisSubject(new Redis(options)),
    ),
    ...nodeRedisVersions.map(
      ([, { createSentinel }]) =>
        () =>
          nodeRedisSubject(
            createSentinel({ name: set.name, sentinelRootNodes: sentinels, scanInterval: 500 }),
          ),
    ),
  ];
  for (const open of opens) subjects.push(await openReady(open));
  const nodes = subjects.map(({ node }): LockNode => node);
  // Errors have a listener only while the node is watched.
  for (const node of nodes) node.watch(() => {});
  for (const node of nodes) expect(await one(node, take())).toEqual(granted);
  const identities = await Promise.all(nodes.map((node) => runIdOf(node)));
  expect(new Set(identities).size).toBe(1);

  const subscriptions = nodes.map(() => new RecordingListener());
  const pollOptions = { timeout: 20_000 };
  nodes.forEach((node, index) => {
    subscribe(node, "channel", subscriptions[index] as RecordingListener);
  });
  for (const subscription of subscriptions)
    await expect.poll(() => subscription.state, pollOptions).toBe("subscribed");

  const down = nodes.map((node) => reachesConnection(node, "down"));
  await set.master.kill();
  await Promise.all(down);
  for (const node of nodes) expect(await one(node, take())).toMatchObject({ kind: "failed" });

  await waitUntil("the replica is the master", 15_000, async () =>
    String(await set.replica.call("INFO", "replication")).includes("role:master"),
  );
  for (const node of nodes) {
    await waitUntil(
      `${node.name} grants again`,
      15_000,
      async () => (await one(node, take())).kind === "granted",
    );
    expect(await runIdOf(node)).not.toBe(identities[0]);
  }
  for (const subscription of subscriptions) {
    expect(subscription.states.slice(0, 2)).toEqual(["subscribed", "unsubscribed"]);
    await expect.poll(() => subscription.state, pollOptions).toBe("subscribed");
  }
  await set.replica.call("PUBLISH", "channel", "from the new master");
  for (const subscription of subscriptions)
    await expect.poll(() => subscription.messages, pollOptions).toEqual(["from the new master"]);
}, 120_000);
