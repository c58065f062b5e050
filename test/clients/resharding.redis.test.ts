import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { slotOf } from "../../src/engine/protocol/hash-slot.js";
import { ioredisSubject, ioredisVersions, nodeRedisSubject, nodeRedisVersions } from "../contract/clients.js";
import {
  acquire,
  granted,
  heldBy,
  holderOf,
  one,
  openReady,
  run,
  type Subject,
  tokenOf,
} from "../contract/subject.js";
import { type RedisCluster, type RedisServer, startCluster } from "../support/servers.js";

let cluster: RedisCluster;
let subjects: Subject[] = [];
let nodes: LockNode[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  const startup = cluster.ports.map((port) => ({ host: "127.0.0.1", port }));
  const opens = [
    ...ioredisVersions.map(
      ([, { Cluster }]) =>
        () =>
          ioredisSubject(new Cluster(startup, { lazyConnect: true })),
    ),
    ...nodeRedisVersions.map(
      ([, { createCluster }]) =>
        () =>
          nodeRedisSubject(createCluster({ rootNodes: startup.map((socket) => ({ socket })) })),
    ),
  ];
  for (const open of opens) subjects.push(await openReady(open));
  nodes = subjects.map(({ node }) => node);
});
afterAll(async () => {
  for (const { end } of subjects) await end();
  subjects = [];
  await cluster.stop();
});

/** A hash tag whose slot belongs to the first master. */
function tagOnFirst(): string {
  for (let n = 0; ; n++) if (slotOf(`{${n}}`) < 5_000) return `{${n}}`;
}

const idOf = async (server: RedisServer): Promise<string> => String(await server.call("CLUSTER", "MYID"));

describe("a Cluster, for every client", () => {
  test("grants keys in a moving slot, during and after the move", async () => {
    const [source, target] = cluster.nodes as [RedisServer, RedisServer];
    const tag = tagOnFirst();
    const slot = slotOf(tag);
    for (const [index, node] of nodes.entries()) {
      expect(await one(node, acquire(`${tag}before:${index}`, tokenOf("me")))).toEqual(granted);
    }

    await target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", await idOf(source));
    await source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", await idOf(target));
    for (const [index, node] of nodes.entries()) {
      const [there, fresh] = [`${tag}before:${index}`, `${tag}during:${index}`];
      // One key is still at the source, the other is redirected to the target; both together are sent one by one.
      const replies = await run(
        node,
        acquire(there, tokenOf("you")),
        acquire(fresh, tokenOf("me")),
        acquire([there, fresh], tokenOf("you")),
      );
      expect(replies).toEqual([heldBy("me", there), granted, heldBy("me", there)]);
      expect(await one(node, acquire(fresh, tokenOf("you")))).toEqual(heldBy("me", fresh));
    }

    for (const key of nodes.map((_, index) => `${tag}before:${index}`)) {
      await source.call("MIGRATE", "127.0.0.1", target.port, key, 0, 2_000);
    }
    for (const server of cluster.nodes)
      await server.call("CLUSTER", "SETSLOT", slot, "NODE", await idOf(target));
    for (const [index, node] of nodes.entries()) {
      // The source redirects the first command; the second is sent to the target directly.
      for (const round of ["first", "second"]) {
        const key = `${tag}after:${round}:${index}`;
        expect(await run(node, acquire(key, tokenOf("me")), acquire(key, tokenOf("you")))).toEqual([
          granted,
          heldBy("me", key),
        ]);
      }
      expect(await holderOf(node, `${tag}before:${index}`)).toMatchObject({ owner: "me" });
    }
  });

  test("that loses a master fails only the votes for that master's slots", async () => {
    const dead = cluster.nodes[2] as RedisServer;
    const keysOf = (from: number, to: number) =>
      Array.from({ length: 2_000 }, (_, n) => `lost:${n}`)
        .filter((key) => slotOf(key) >= from && slotOf(key) < to)
        .slice(0, 5);
    await cluster.nodes[0]?.call("CONFIG", "SET", "cluster-require-full-coverage", "no");
    await cluster.nodes[1]?.call("CONFIG", "SET", "cluster-require-full-coverage", "no");
    await dead.kill();
    for (const [index, node] of nodes.entries()) {
      const alive = keysOf(6_000, 10_000).map((key) => acquire(`${key}:{${key}}:${index}`, tokenOf("me")));
      const gone = keysOf(11_000, 16_384).map((key) => acquire(`${key}:{${key}}:${index}`, tokenOf("me")));
      const replies = await run(node, ...alive, ...gone);
      expect(replies.slice(0, 5)).toEqual(alive.map(() => granted));
      for (const reply of replies.slice(5)) expect(reply).toMatchObject({ kind: "failed" });
      expect(node.connection).toBe("ready");
    }
    await dead.restart();
  });
});
