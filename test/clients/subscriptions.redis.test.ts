import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import {
  createRedis3,
  ioredisSubject,
  ioredisVersions,
  nodeRedis3Subject,
  nodeRedisSubject,
  nodeRedisVersions,
} from "../contract/clients.js";
import { acquire, granted, type Open, one, openReady, tokenOf, uniqueKey } from "../contract/subject.js";
import { countSubscribers, RecordingListener, subscribe } from "../contract/subscription-contract.js";
import { type RedisServer, startCluster, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

const pollOptions = { timeout: 15_000, interval: 10 };
const becomesSubscribed = (subscription: RecordingListener) =>
  expect.poll(() => subscription.state, pollOptions).toBe("subscribed");

const ends: (() => unknown)[] = [];
/** What libraries print when an error has no listener. */
const printed: unknown[] = [];
beforeEach(() => {
  printed.length = 0;
  for (const method of ["error", "warn"] as const) {
    vi.spyOn(console, method).mockImplementation((...what) => printed.push(...what));
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  expect(printed).toEqual([]);
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(...args: string[]): Promise<RedisServer> {
  const server = await startServer({ args });
  ends.push(() => server.stop());
  return server;
}

/** Functions that open a node on one server, one per client, optionally as a given user. */
function openers(port: () => number, user?: { name: string; password: string }): [string, Open][] {
  const credentials = user === undefined ? "" : `${user.name}:${user.password}@`;
  const open3 = () =>
    nodeRedis3Subject(
      createRedis3({
        host: "127.0.0.1",
        port: port(),
        ...(user === undefined ? {} : { user: user.name, password: user.password }),
      }),
    );
  return [
    ...everyClient(port, user),
    ["redis 3", open3],
    [
      "a redis:// address",
      () => ({ node: recogniseNode(`redis://${credentials}127.0.0.1:${port()}`, 0), end: () => {} }),
    ],
  ];
}

/** How many subscriptions the server received. */
async function subscriptionCount(server: RedisServer): Promise<number> {
  const stats = String(await server.call("INFO", "commandstats"));
  const [, calls = "0", rejected = "0"] =
    /cmdstat_subscribe:calls=(\d+).*?rejected_calls=(\d+)/.exec(stats) ?? [];
  return Number(calls) + Number(rejected);
}

test("a user without channel permissions is refused once, is not retried soon, and keeps its locks", async () => {
  const server = await start();
  const user = { name: "restricted", password: "s3cret" };
  await server.call("ACL", "SETUSER", user.name, "on", `>${user.password}`, "~*", "resetchannels", "+@all");
  for (const [name, open] of openers(() => server.port, user)) {
    await server.call("CONFIG", "RESETSTAT");
    await withNode(open, async (node) => {
      const subscriptions = [new RecordingListener(), new RecordingListener(), new RecordingListener()];
      const unsubscribe = subscriptions.map((subscription, index) =>
        subscribe(node, `channel-${index}`, subscription),
      );
      for (const subscription of subscriptions)
        await expect
          .poll(() => subscription.states, { ...pollOptions, message: name })
          .toEqual(["unsubscribed"]);
      for (const end of unsubscribe) end();
      for (let times = 0; times < 20; times++) {
        const subscription = new RecordingListener();
        const end = subscribe(node, "channel", subscription);
        await expect.poll(() => subscription.states, pollOptions).toEqual(["unsubscribed"]);
        end();
      }
      expect(await subscriptionCount(server)).toBeGreaterThan(0);
      expect(await subscriptionCount(server)).toBeLessThanOrEqual(subscriptions.length);
      expect(await countSubscribers([server])).toBe(0);
      expect(await one(node, acquire(uniqueKey(), tokenOf("me")))).toEqual(granted);
    });
  }
});

test("a refused channel does not affect the others", async () => {
  const server = await start();
  const user = { name: "partly-restricted", password: "s3cret" };
  await server.call(
    "ACL",
    "SETUSER",
    user.name,
    "on",
    `>${user.password}`,
    "~*",
    "resetchannels",
    "&mine:*",
    "+@all",
  );
  for (const [, open] of openers(() => server.port, user)) {
    await withNode(open, async (node) => {
      const [mine, theirs, second] = [
        new RecordingListener(),
        new RecordingListener(),
        new RecordingListener(),
      ];
      const unsubscribe = [subscribe(node, "mine:1", mine)];
      await becomesSubscribed(mine);
      unsubscribe.push(subscribe(node, "theirs:1", theirs));
      await expect.poll(() => theirs.states, pollOptions).toEqual(["unsubscribed"]);
      unsubscribe.push(subscribe(node, "mine:2", second));
      await becomesSubscribed(second);
      for (const channel of ["mine:1", "mine:2", "theirs:1"]) await server.call("PUBLISH", channel, channel);
      await expect
        .poll(() => [mine.messages, second.messages], pollOptions)
        .toEqual([["mine:1"], ["mine:2"]]);
      expect([mine.states, theirs.messages]).toEqual([["subscribed"], []]);
      for (const end of unsubscribe) end();
      await expect.poll(() => countSubscribers([server]), pollOptions).toBe(0);
    });
  }
});

test("subscriptions survive a restart of the server, and an ended subscription is not restored", async () => {
  const server = await start();
  for (const [name, open] of openers(() => server.port)) {
    await withNode(open, async (node) => {
      // Errors have a listener only while the node is watched.
      node.watch(() => {});
      const [subscription, gone] = [new RecordingListener(), new RecordingListener()];
      const unsubscribe = subscribe(node, "channel", subscription);
      const unsubscribeGone = subscribe(node, "gone", gone);
      await becomesSubscribed(subscription);
      await becomesSubscribed(gone);
      await server.kill();
      await expect
        .poll(() => [subscription.state, gone.state], { ...pollOptions, message: name })
        .toEqual(["unsubscribed", "unsubscribed"]);
      unsubscribeGone();
      const late = new RecordingListener();
      const unsubscribeLate = subscribe(node, "late", late);
      await expect.poll(() => late.states, pollOptions).toEqual(["unsubscribed"]);
      await server.restart();
      await becomesSubscribed(subscription);
      await becomesSubscribed(late);
      await server.call("PUBLISH", "channel", "back");
      await expect.poll(() => subscription.messages, pollOptions).toEqual(["back"]);
      expect(subscription.states).toEqual(["subscribed", "unsubscribed", "subscribed"]);
      expect(gone.states).toEqual(["subscribed", "unsubscribed"]);
      unsubscribe();
      unsubscribeLate();
      await expect.poll(() => countSubscribers([server]), pollOptions).toBe(0);
    });
  }
}, 120_000);

/** A proxy in front of a server that can stop answering: it then accepts new connections and never replies. */
async function startProxy(
  server: RedisServer,
): Promise<{ port: number; sockets: Set<Socket>; silent: boolean }> {
  const sockets = new Set<Socket>();
  const proxy = { port: 0, sockets, silent: false };
  const listener: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    // Reads and discards, because otherwise the end of the connection would not be noticed.
    if (proxy.silent) return void socket.resume();
    const onward = connect(server.port, "127.0.0.1");
    onward.on("error", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
    socket.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  proxy.port = (listener.address() as { port: number }).port;
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => listener.close(resolve));
  });
  return proxy;
}

test("an unresponsive server costs one connection, which ends with the last subscription", async () => {
  const proxy = await startProxy(await start());
  for (const [name, open] of openers(() => proxy.port)) {
    proxy.silent = false;
    await withNode(open, async (node) => {
      const before = proxy.sockets.size;
      proxy.silent = true;
      for (let times = 0; times < 3; times++) {
        const unsubscribe = [
          subscribe(node, "a", new RecordingListener()),
          subscribe(node, "b", new RecordingListener()),
        ];
        await expect.poll(() => proxy.sockets.size, { ...pollOptions, message: name }).toBe(before + 1);
        for (const end of unsubscribe) end();
        await expect.poll(() => proxy.sockets.size, { ...pollOptions, message: name }).toBe(before);
      }
      const [subscription, again] = [new RecordingListener(), new RecordingListener()];
      subscribe(node, "a", subscription)();
      proxy.silent = false;
      const unsubscribe = subscribe(node, "a", again);
      await becomesSubscribed(again);
      unsubscribe();
      expect(subscription.states).toEqual([]);
    });
  }
});

test("an unresponsive server is reported, and retried", async () => {
  const proxy = await startProxy(await start());
  const opens = openers(() => proxy.port);
  await Promise.all(
    opens.map(async ([, open]) => {
      const { node, end } = await openReady(open);
      ends.push(async () => {
        await node.close();
        await end();
      });
      return node;
    }),
  ).then(async (nodes) => {
    proxy.silent = true;
    const subscriptions = nodes.map(() => new RecordingListener());
    const unsubscribe = nodes.map((node, index) =>
      subscribe(node, "a", subscriptions[index] as RecordingListener),
    );
    for (const subscription of subscriptions)
      await expect.poll(() => subscription.states, pollOptions).toEqual(["unsubscribed"]);
    proxy.silent = false;
    for (const subscription of subscriptions) await becomesSubscribed(subscription);
    for (const end of unsubscribe) end();
  });
});

/** The number of sockets on this machine that wait for the port to accept them. */
const pendingConnections = (port: number): number => {
  const state = `:${port.toString(16).toUpperCase().padStart(4, "0")} 02 `;
  return readFileSync("/proc/net/tcp", "utf8").split(state).length - 1;
};

test.runIf(process.platform === "linux")(
  "a connection in progress ends with the last subscription",
  async () => {
    const server = await start("--tcp-backlog", "1");
    for (const [name, open] of openers(() => server.port)) {
      await withNode(open, async (node) => {
        await server.suspend();
        // The kernel accepts this many connections for a suspended server; further ones wait.
        const sockets = Array.from({ length: 6 }, () =>
          connect(server.port, "127.0.0.1").on("error", () => {}),
        );
        const pending = () => pendingConnections(server.port);
        await expect.poll(pending, pollOptions).toBeGreaterThan(0);
        await expect
          .poll(() => sockets.filter(({ connecting }) => connecting).length, pollOptions)
          .toBe(pending());
        const before = pending();
        const unsubscribe = subscribe(node, "channel", new RecordingListener());
        await expect.poll(pending, { ...pollOptions, message: name }).toBe(before + 1);
        unsubscribe();
        await expect.poll(pending, { ...pollOptions, message: name, timeout: 1_000 }).toBe(before);
        for (const socket of sockets) socket.destroy();
        server.resume();
      });
    }
  },
);

describe("in a Cluster", () => {
  test("a subscription moves to another master when its master dies", async () => {
    const cluster = await startCluster();
    ends.push(() => cluster.stop());
    const startupNodes = cluster.ports.map((port) => ({ host: "127.0.0.1", port }));
    const rootNodes = cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
    const opens = [
      ...ioredisVersions.map(([name, { Cluster }]): [string, Open] => [
        name,
        () => ioredisSubject(new Cluster(startupNodes, { lazyConnect: true })),
      ]),
      ...nodeRedisVersions.map(([name, { createCluster }]): [string, Open] => [
        name,
        () => nodeRedisSubject(createCluster({ rootNodes })),
      ]),
    ];
    for (const [name, open] of opens) {
      await withNode(open, async (node) => {
        node.watch(() => {});
        const subscription = new RecordingListener();
        const unsubscribe = subscribe(node, "channel", subscription);
        await becomesSubscribed(subscription);
        const counts = await Promise.all(cluster.nodes.map((server) => countSubscribers([server])));
        const killed = cluster.nodes[counts.indexOf(1)] as RedisServer;
        const others = cluster.nodes.filter((server) => server !== killed);
        await killed.kill();
        await expect
          .poll(() => subscription.states, { ...pollOptions, message: name })
          .toEqual(["subscribed", "unsubscribed", "subscribed"]);
        expect(await countSubscribers(others)).toBe(1);
        // Either of the others works: a message published at one is forwarded to both.
        await others[0]?.call("PUBLISH", "channel", "moved");
        await expect.poll(() => subscription.messages, pollOptions).toEqual(["moved"]);
        unsubscribe();
        await expect.poll(() => countSubscribers(others), pollOptions).toBe(0);
        await killed.restart();
      });
    }
  }, 120_000);
});
