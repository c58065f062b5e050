import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { slotOf } from "../../src/engine/protocol/hash-slot.js";
import { probeKey } from "../../src/engine/protocol/side-keys.js";
import { ioredisSubject, ioredisVersions, nodeRedisSubject, nodeRedisVersions } from "../contract/clients.js";
import { newProcess, queuedAcquire, queuedRelease } from "../contract/queue-contract.js";
import {
  acquire,
  granted,
  heldBy,
  identificationOf,
  missing,
  type Open,
  one,
  openReady,
  run,
  type Subject,
  tokenOf,
} from "../contract/subject.js";
import { RecordingListener, subscribe } from "../contract/subscription-contract.js";
import {
  type RedisCluster,
  type RedisServer,
  startCluster,
  startServer,
  waitUntil,
} from "../support/servers.js";

/** A host name that does not resolve: servers behind a NAT are reachable only through an address map. */
const announced = "behind-the-nat.invalid";
let cluster: RedisCluster;
/** A member of the Cluster without slots. */
let newServer: RedisServer;
const servers = () => [...cluster.nodes, newServer];

beforeAll(async () => {
  cluster = await startCluster();
  newServer = await startServer({
    args: cluster.nodes[0]?.args.slice(cluster.nodes[0].args.indexOf("--cluster-enabled")) ?? [],
  });
  // Otherwise this server would become a replica when its only slot is taken back.
  await newServer.call("CONFIG", "SET", "cluster-allow-replica-migration", "no");
  await newServer.call("CLUSTER", "MEET", "127.0.0.1", cluster.ports[0] ?? 0);
  for (const server of servers()) {
    await server.call("CONFIG", "SET", "cluster-announce-hostname", announced);
    await server.call("CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname");
  }
  const knows = async (server: RedisServer) => {
    const slots = (await server.call("CLUSTER", "SLOTS")) as unknown[][];
    return slots.length > 0 && slots.every(([, , master]) => (master as unknown[])[0] === announced);
  };
  for (const server of cluster.nodes) await waitUntil("all know the name", 15_000, () => knows(server));
  // Includes the server without slots, which redirects to an empty address until it knows the others.
  const knowsAll = async (server: RedisServer) => {
    const lines = String(await server.call("CLUSTER", "NODES"))
      .trim()
      .split("\n");
    return lines.length === servers().length && lines.every((line) => line.includes(`,${announced}`));
  };
  for (const server of servers()) await waitUntil("all know each other", 30_000, () => knowsAll(server));
});
afterAll(() => cluster.stop());

const startup = () => cluster.ports.map((port) => ({ host: "127.0.0.1", port }));
const mapFunction = (address: string) => ({ host: "127.0.0.1", port: Number(address.split(":").at(-1)) });
const mapObject = () =>
  Object.fromEntries(servers().map(({ port }) => [`${announced}:${port}`, { host: "127.0.0.1", port }]));

const clients: [string, Open][] = [
  ...ioredisVersions.flatMap(([name, { Cluster }]): [string, Open][] => [
    [
      `${name}, natMap as an object`,
      () => ioredisSubject(new Cluster(startup(), { lazyConnect: true, natMap: mapObject() })),
    ],
    [
      `${name}, natMap as a function`,
      () => ioredisSubject(new Cluster(startup(), { lazyConnect: true, natMap: mapFunction })),
    ],
  ]),
  ...nodeRedisVersions.flatMap(([name, { createCluster }]): [string, Open][] => {
    const rootNodes = () => startup().map((socket) => ({ socket }));
    return [
      [
        `${name}, nodeAddressMap as an object`,
        () => nodeRedisSubject(createCluster({ rootNodes: rootNodes(), nodeAddressMap: mapObject() })),
      ],
      [
        `${name}, nodeAddressMap as a function`,
        () => nodeRedisSubject(createCluster({ rootNodes: rootNodes(), nodeAddressMap: mapFunction })),
      ],
    ];
  }),
];

interface Move {
  readonly target: RedisServer;
  transfer(key: string): Promise<unknown>;
  finish(): Promise<void>;
  undo(): Promise<void>;
}

/** Starts to move a slot from its owner to another server. */
async function move(slot: number, to?: RedisServer): Promise<Move> {
  const owner = await ownerOf(slot);
  const target = to ?? (cluster.nodes.find((server) => server !== owner) as RedisServer);
  const [ownerId, targetId] = [await owner.call("CLUSTER", "MYID"), await target.call("CLUSTER", "MYID")];
  await target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", String(ownerId));
  await owner.call("CLUSTER", "SETSLOT", slot, "MIGRATING", String(targetId));
  /** Moves one key at a time, as every tool does. */
  const transfer = (key: string) => owner.call("MIGRATE", "127.0.0.1", target.port, key, 0, 10_000);
  return {
    target,
    transfer,
    /** Returns the slot to its first owner, without its keys. */
    async undo(): Promise<void> {
      await target.call("FLUSHALL");
      const back = await move(slot, owner);
      await back.finish();
      for (const server of servers()) await waitUntil("the Cluster is whole", 30_000, () => isWhole(server));
    },
    async finish(): Promise<void> {
      // A server does not give up a slot that has keys until the other servers announce its new owner.
      for (const key of (await owner.call("CLUSTER", "GETKEYSINSLOT", slot, 1_000)) as string[])
        await transfer(key);
      for (const server of [target, owner])
        await server.call("CLUSTER", "SETSLOT", slot, "NODE", String(targetId));
      for (const server of servers())
        await waitUntil(
          "all know the new owner",
          30_000,
          async () => (await ownerOf(slot, server)) === target,
        );
      // A server that begins the next move without this epoch would claim its slot with the same one, and never be believed.
      const epoch = await epochOf(target, String(targetId));
      for (const server of servers())
        await waitUntil(
          "all know the epoch of the new owner",
          30_000,
          async () => (await epochOf(server, String(targetId))) === epoch,
        );
    },
  };
}

const isWhole = async (server: RedisServer) =>
  String(await server.call("CLUSTER", "INFO")).includes("cluster_state:ok");

/** The configuration epoch of a server, as another server knows it. */
async function epochOf(asked: RedisServer, id: string): Promise<number> {
  const lines = String(await asked.call("CLUSTER", "NODES")).split("\n");
  return Number(lines.find((line) => line.startsWith(id))?.split(" ")[6]);
}

async function ownerOf(slot: number, asked = cluster.nodes[0] as RedisServer): Promise<RedisServer> {
  const slots = (await asked.call("CLUSTER", "SLOTS")) as [number, number, [string, number]][];
  const port = slots.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
  return servers().find((server) => server.port === port) as RedisServer;
}

let tags = 0;
const uniqueTag = () => `{moving-${++tags}}`;

async function withNode(open: Open, check: (node: LockNode) => Promise<void>): Promise<void> {
  const subject: Subject = await openReady(open);
  subject.node.watch(() => {});
  try {
    await check(subject.node);
  } finally {
    await subject.node.close();
    await subject.end();
  }
}

describe.each(clients)("%s, while a slot is being moved,", (_, open) => {
  test("grants, denies, renews and releases a lock with a queue, and uses the queue afterwards", async () => {
    await withNode(open, async (node) => {
      const tag = uniqueTag();
      const [held, fresh] = [`${tag}held`, `${tag}fresh`];
      const [mine, yours] = [tokenOf("me"), tokenOf("you")];
      const { place } = newProcess();
      expect(await one(node, queuedAcquire(held, null, { token: mine }))).toEqual(granted);
      const { finish, target } = await move(slotOf(tag));

      expect(await one(node, queuedAcquire(held, place("a", 1), { token: yours }))).toEqual(
        heldBy("me", held),
      );
      expect(await one(node, queuedAcquire(fresh, place("b", 2), { token: yours }))).toEqual(granted);
      expect(await target.call("CLUSTER", "COUNTKEYSINSLOT", slotOf(tag))).toBe(1);
      expect(await one(node, queuedAcquire(fresh, null, { token: mine }))).toEqual(heldBy("you", fresh));
      const renewal = { keys: [held], token: mine, ttl: 60_000 };
      expect(await one(node, { op: "renew", ...renewal })).toEqual(granted);
      expect(await one(node, { op: "heal", ...renewal })).toEqual(granted);
      expect(await one(node, queuedRelease(held, mine, null, true))).toEqual(granted);
      expect(await one(node, queuedRelease(held, mine, null, true))).toEqual(missing);
      expect(await one(node, queuedRelease(fresh, yours, place("b", 2).id, true))).toEqual(granted);
      expect(await one(node, { op: "inspect", keys: [held] })).toEqual({
        kind: "report",
        keys: [{ key: held, holder: null }],
      });

      await finish();
      // The source redirects the first command; the second is sent to the target directly.
      for (const key of [`${tag}c`, `${tag}d`]) {
        expect(await one(node, queuedAcquire(key, null, { token: mine }))).toEqual(granted);
        expect(await one(node, queuedAcquire(key, place("c", 3)))).toEqual(heldBy("me", key));
        expect(await one(node, queuedRelease(key, mine, null, true))).toEqual(granted);
      }
    });
  });

  test("grants several resources only if all are free, and leaves nothing behind otherwise", async () => {
    await withNode(open, async (node) => {
      const tag = uniqueTag();
      const keys = [`${tag}a`, `${tag}b`, `${tag}c`];
      const [mine, yours] = [tokenOf("me"), tokenOf("you")];
      const all = { keys, token: mine, ttl: 60_000 };
      expect(await one(node, acquire(keys[2] ?? "", yours))).toEqual(granted);
      const { finish } = await move(slotOf(tag));

      expect(await one(node, { op: "acquire", ...all })).toEqual(heldBy("you", keys[2] ?? ""));
      const free = { kind: "report", keys: [expect.objectContaining({ holder: null })] };
      for (const key of keys.slice(0, 2)) {
        expect(await one(node, { op: "inspect", keys: [key] })).toEqual(free);
      }
      expect(await one(node, { op: "release", keys: [keys[2] ?? ""], token: yours })).toEqual(granted);
      expect(await one(node, { op: "acquire", ...all })).toEqual(granted);
      expect(await one(node, { op: "acquire", ...all, token: yours })).toEqual(heldBy("me", keys[0] ?? ""));
      expect(await one(node, { op: "renew", ...all })).toEqual(granted);
      expect(await one(node, { op: "heal", ...all })).toEqual(granted);
      expect(await one(node, { op: "inspect", keys })).toEqual({
        kind: "report",
        keys: keys.map((key) => ({ key, holder: expect.objectContaining({ owner: "me" }) })),
      });
      expect(await one(node, { op: "release", keys, token: mine })).toEqual(granted);
      expect(await one(node, { op: "release", keys, token: mine })).toEqual(missing);
      await finish();
    });
  });

  test("finds each key of a batch, and explains why it cannot record a fence", async () => {
    await withNode(open, async (node) => {
      const tag = uniqueTag();
      const [stays, goes] = [`${tag}stays`, `${tag}goes`];
      for (const key of [stays, goes]) expect(await one(node, acquire(key, tokenOf("me")))).toEqual(granted);
      const { finish, transfer } = await move(slotOf(tag));
      await transfer(goes);
      const replies = await run(
        node,
        acquire(stays, tokenOf("you")),
        queuedAcquire(goes, null, { owner: "you" }),
        queuedAcquire(`${tag}fresh`, null, { fence: 7 }),
        queuedAcquire(`${tag}another`, null),
      );
      const unfenced = {
        kind: "failed",
        reason: "refused",
        message: expect.stringMatching(/^TRYAGAIN .*a hash slot of the Cluster is being moved/),
      };
      expect(replies).toEqual([heldBy("me", stays), heldBy("me", goes), unfenced, granted]);
      await finish();
      expect(await one(node, queuedAcquire(`${tag}fresh`, null, { fence: 7 }))).toMatchObject(granted);
    });
  });

  test("publishes from it, and is identified", async () => {
    await withNode(open, async (node) => {
      const channel = uniqueTag();
      const subscription = new RecordingListener();
      const unsubscribe = subscribe(node, channel, subscription);
      await expect.poll(() => subscription.state).toBe("subscribed");
      const [slots] = [new Set([slotOf(channel), slotOf(probeKey)])];
      const moves = [];
      for (const slot of slots) moves.push(await move(slot));
      await node.publish?.(channel, "heard");
      await expect.poll(() => subscription.messages).toEqual(["heard"]);
      expect((await identificationOf(node)).runId).toMatch(/^[0-9a-f]{40}$/);
      for (const { finish } of moves) await finish();
      expect((await identificationOf(node)).runId).toMatch(/^[0-9a-f]{40}$/);
      unsubscribe();
    });
  });
});

/** The number of keys in the slot of a hash tag. */
const keysAt = (server: RedisServer, tag: string) => server.call("CLUSTER", "COUNTKEYSINSLOT", slotOf(tag));

/** Moves a slot to the new server and back, even if the test fails meanwhile. */
async function lend(tag: string, during: () => Promise<void>, afterwards: () => Promise<void>) {
  const { finish, undo } = await move(slotOf(tag), newServer);
  try {
    try {
      await during();
    } finally {
      await finish();
    }
    await afterwards();
  } finally {
    await undo();
  }
}
const nothing = async () => {};

describe.each(clients)("%s, when a server joins the Cluster,", (_, open) => {
  test("follows the first slot that is moved there, during and after the move", async () => {
    await withNode(open, async (node) => {
      const tag = uniqueTag();
      const [before, during] = [`${tag}before`, `${tag}during`];
      const [mine, yours] = [tokenOf("me"), tokenOf("you")];
      expect(await one(node, queuedAcquire(before, null, { token: mine }))).toEqual(granted);
      const whileMoved = async () => {
        expect(await one(node, queuedAcquire(during, null, { token: mine }))).toEqual(granted);
        expect(await keysAt(newServer, tag)).toBe(1);
        expect(await one(node, queuedAcquire(during, null, { token: yours }))).toEqual(heldBy("me", during));
        expect(await one(node, queuedRelease(during, mine, null, true))).toEqual(granted);
        expect(await one(node, queuedAcquire(before, null, { token: yours }))).toEqual(heldBy("me", before));
      };
      await lend(tag, whileMoved, async () => {
        for (const key of [`${tag}c`, `${tag}d`])
          expect(await one(node, queuedAcquire(key, null, { token: mine }))).toEqual(granted);
        expect(await one(node, queuedAcquire(before, null, { token: yours }))).toEqual(heldBy("me", before));
        expect(await keysAt(newServer, tag)).toBe(3);
      });
    });
  });

  test("finds a slot that was moved there while the client was idle", async () => {
    await withNode(open, async (node) => {
      const tag = uniqueTag();
      const token = tokenOf("me");
      expect(await one(node, queuedAcquire(`${tag}before`, null, { token }))).toEqual(granted);
      await lend(tag, nothing, async () => {
        const all = [`${tag}a`, `${tag}b`, `${tag}c`].map((key) => queuedAcquire(key, null, { token }));
        expect(await run(node, ...all)).toEqual(all.map(() => granted));
        expect(await one(node, queuedRelease(`${tag}before`, token, null, true))).toEqual(granted);
        expect(await keysAt(newServer, tag)).toBe(3);
      });
    });
  });
});

/** Accepts connections and never answers. */
async function startSilent(): Promise<Server> {
  const silent = createServer((socket) => socket.resume().on("error", () => {}));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  return silent;
}

describe.each(ioredisVersions)("%s", (_, { Cluster }) => {
  test("leaves no rejection unhandled when it is closed while a server that joins does not answer", async () => {
    const silent = await startSilent();
    const { port } = silent.address() as AddressInfo;
    const natMap = { ...mapObject(), [`${announced}:${newServer.port}`]: { host: "127.0.0.1", port } };
    const client = new Cluster(startup(), { lazyConnect: true, natMap });
    const { node, end } = await openReady(() => ioredisSubject(client));
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const tag = uniqueTag();
    try {
      const close = async () => {
        const asked = once(silent, "connection");
        const reply = one(node, acquire(`${tag}key`, tokenOf("me")));
        await asked;
        // The user closes the client, also while a lock waits for it.
        await end();
        expect(await reply).toMatchObject({ kind: "failed" });
        // Node reports unhandled rejections at the end of a tick.
        await nextTurn();
        expect(unhandled).toEqual([]);
      };
      await lend(tag, close, nothing);
    } finally {
      process.off("unhandledRejection", note);
      await node.close();
      silent.close();
    }
  });
});
