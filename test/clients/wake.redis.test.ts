import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
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
import { Ear, listen, listeningTo } from "../contract/wake-contract.js";
import { type RedisServer, startCluster, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

const patience = { timeout: 15_000, interval: 10 };
const stands = (subscription: Ear) => expect.poll(() => subscription.state, patience).toBe("subscribed");

const ends: (() => unknown)[] = [];
/** What libraries print when nobody listens to their errors. */
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

/** Every way to one server, as its only user or as another. */
function everyWay(port: () => number, user?: { name: string; password: string }): [string, Open][] {
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

/** How often the server was asked for a channel. */
async function asked(server: RedisServer): Promise<number> {
  const stats = String(await server.call("INFO", "commandstats"));
  const [, calls = "0", rejected = "0"] =
    /cmdstat_subscribe:calls=(\d+).*?rejected_calls=(\d+)/.exec(stats) ?? [];
  return Number(calls) + Number(rejected);
}

test("who may not listen is told so once, is not asked for again and again, and keeps its locks", async () => {
  const server = await start();
  const user = { name: "deaf", password: "s3cret" };
  await server.call("ACL", "SETUSER", user.name, "on", `>${user.password}`, "~*", "resetchannels", "+@all");
  for (const [name, open] of everyWay(() => server.port, user)) {
    await server.call("CONFIG", "RESETSTAT");
    await withNode(open, async (node) => {
      const subscriptions = [new Ear(), new Ear(), new Ear()];
      const leave = subscriptions.map((subscription, index) =>
        listen(node, `channel-${index}`, subscription),
      );
      for (const subscription of subscriptions)
        await expect.poll(() => subscription.told, { ...patience, message: name }).toEqual(["unsubscribed"]);
      for (const end of leave) end();
      for (let times = 0; times < 20; times++) {
        const subscription = new Ear();
        const end = listen(node, "channel", subscription);
        await expect.poll(() => subscription.told, patience).toEqual(["unsubscribed"]);
        end();
      }
      expect(await asked(server)).toBeGreaterThan(0);
      expect(await asked(server)).toBeLessThanOrEqual(subscriptions.length);
      expect(await listeningTo([server])).toBe(0);
      expect(await one(node, acquire(uniqueKey(), tokenOf("me")))).toEqual(granted);
    });
  }
});

test("a channel that one may not hear falls alone", async () => {
  const server = await start();
  const user = { name: "half", password: "s3cret" };
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
  for (const [, open] of everyWay(() => server.port, user)) {
    await withNode(open, async (node) => {
      const [mine, theirs, second] = [new Ear(), new Ear(), new Ear()];
      const leave = [listen(node, "mine:1", mine)];
      await stands(mine);
      leave.push(listen(node, "theirs:1", theirs));
      await expect.poll(() => theirs.told, patience).toEqual(["unsubscribed"]);
      leave.push(listen(node, "mine:2", second));
      await stands(second);
      for (const channel of ["mine:1", "mine:2", "theirs:1"]) await server.call("PUBLISH", channel, channel);
      await expect.poll(() => [mine.messages, second.messages], patience).toEqual([["mine:1"], ["mine:2"]]);
      expect([mine.told, theirs.messages]).toEqual([["subscribed"], []]);
      for (const end of leave) end();
      await expect.poll(() => listeningTo([server]), patience).toBe(0);
    });
  }
});

test("a server that dies is heard again when it is back; who leaves meanwhile leaves nothing behind", async () => {
  const server = await start();
  for (const [name, open] of everyWay(() => server.port)) {
    await withNode(open, async (node) => {
      // As long as somebody watches, errors are heard.
      node.watch(() => {});
      const [subscription, gone] = [new Ear(), new Ear()];
      const leave = listen(node, "channel", subscription);
      const leaveGone = listen(node, "gone", gone);
      await stands(subscription);
      await stands(gone);
      await server.kill();
      await expect
        .poll(() => [subscription.state, gone.state], { ...patience, message: name })
        .toEqual(["unsubscribed", "unsubscribed"]);
      leaveGone();
      const late = new Ear();
      const leaveLate = listen(node, "late", late);
      await expect.poll(() => late.told, patience).toEqual(["unsubscribed"]);
      await server.restart();
      await stands(subscription);
      await stands(late);
      await server.call("PUBLISH", "channel", "back");
      await expect.poll(() => subscription.messages, patience).toEqual(["back"]);
      expect(subscription.told).toEqual(["subscribed", "unsubscribed", "subscribed"]);
      expect(gone.told).toEqual(["subscribed", "unsubscribed"]);
      leave();
      leaveLate();
      await expect.poll(() => listeningTo([server]), patience).toBe(0);
    });
  }
}, 120_000);

/** Stands before a server, and can keep new connections waiting for ever: accepted, and never answered. */
async function gateTo(server: RedisServer): Promise<{ port: number; sockets: Set<Socket>; shut: boolean }> {
  const sockets = new Set<Socket>();
  const gate = { port: 0, sockets, shut: false };
  const listener: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    // Else the end of a connection would not be noticed.
    if (gate.shut) return void socket.resume();
    const onward = connect(server.port, "127.0.0.1");
    onward.on("error", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
    socket.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  gate.port = (listener.address() as { port: number }).port;
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => listener.close(resolve));
  });
  return gate;
}

test("a server that accepts and never answers costs one connection, which goes with the last subscription", async () => {
  const gate = await gateTo(await start());
  for (const [name, open] of everyWay(() => gate.port)) {
    gate.shut = false;
    await withNode(open, async (node) => {
      const before = gate.sockets.size;
      gate.shut = true;
      for (let times = 0; times < 3; times++) {
        const leave = [listen(node, "a", new Ear()), listen(node, "b", new Ear())];
        await expect.poll(() => gate.sockets.size, { ...patience, message: name }).toBe(before + 1);
        for (const end of leave) end();
        await expect.poll(() => gate.sockets.size, { ...patience, message: name }).toBe(before);
      }
      const [subscription, again] = [new Ear(), new Ear()];
      listen(node, "a", subscription)();
      gate.shut = false;
      const leave = listen(node, "a", again);
      await stands(again);
      leave();
      expect(subscription.told).toEqual([]);
    });
  }
});

test("a server that never answers is told of, and given up for another attempt", async () => {
  const gate = await gateTo(await start());
  const opens = everyWay(() => gate.port);
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
    gate.shut = true;
    const subscriptions = nodes.map(() => new Ear());
    const leave = nodes.map((node, index) => listen(node, "a", subscriptions[index] as Ear));
    for (const subscription of subscriptions)
      await expect.poll(() => subscription.told, patience).toEqual(["unsubscribed"]);
    gate.shut = false;
    for (const subscription of subscriptions) await stands(subscription);
    for (const end of leave) end();
  });
});

/** Sockets of this machine that wait for the port to accept them. */
const knocking = (port: number): number => {
  const state = `:${port.toString(16).toUpperCase().padStart(4, "0")} 02 `;
  return readFileSync("/proc/net/tcp", "utf8").split(state).length - 1;
};

test.runIf(process.platform === "linux")(
  "a connection that is still being made ends with the last subscription",
  async () => {
    const server = await start("--tcp-backlog", "1");
    for (const [name, open] of everyWay(() => server.port)) {
      await withNode(open, async (node) => {
        await server.suspend();
        // So many are accepted on behalf of a server that stands still; the next ones wait.
        const crowd = Array.from({ length: 6 }, () =>
          connect(server.port, "127.0.0.1").on("error", () => {}),
        );
        const knocks = () => knocking(server.port);
        await expect.poll(knocks, patience).toBeGreaterThan(0);
        await expect.poll(() => crowd.filter(({ connecting }) => connecting).length, patience).toBe(knocks());
        const before = knocks();
        const leave = listen(node, "channel", new Ear());
        await expect.poll(knocks, { ...patience, message: name }).toBe(before + 1);
        leave();
        await expect.poll(knocks, { ...patience, message: name, timeout: 1_000 }).toBe(before);
        for (const socket of crowd) socket.destroy();
        server.resume();
      });
    }
  },
);

describe("a process that listens ends when its client is closed", () => {
  const fixture = fileURLToPath(new URL("./fixtures/listening.mjs", import.meta.url));
  const names = everyWay(() => 0).map(([name]) => name);

  const ways = names.flatMap((name) => [
    [name, "left"],
    [name, "listening still"],
    // The others would go on connecting by themselves.
    ...(/^ioredis|^redis [56]/.test(name) ? [[name, "nowhere"]] : []),
  ]) as [string, string][];

  test.each(ways)("%s, %s", async (name, how) => {
    const server = await start();
    if (how === "nowhere") await server.kill();
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [fixture, name, String(server.port), how],
      // When the process is taken to hang. A busy machine may need seconds to start it.
      { timeout: 50_000 },
    );
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^\d+\n$/);
    // The shortest timer that a client could leave behind is one of 2 s.
    expect(Number(stdout)).toBeLessThan(1_500);
  });
});

describe("in a Cluster", () => {
  test("a master that dies is replaced by another to listen to", async () => {
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
        const subscription = new Ear();
        const leave = listen(node, "channel", subscription);
        await stands(subscription);
        const counts = await Promise.all(cluster.nodes.map((server) => listeningTo([server])));
        const listened = cluster.nodes[counts.indexOf(1)] as RedisServer;
        const others = cluster.nodes.filter((server) => server !== listened);
        await listened.kill();
        await expect
          .poll(() => subscription.told, { ...patience, message: name })
          .toEqual(["subscribed", "unsubscribed", "subscribed"]);
        expect(await listeningTo(others)).toBe(1);
        // Whichever of the others it is: what one publishes, both send on.
        await others[0]?.call("PUBLISH", "channel", "moved");
        await expect.poll(() => subscription.messages, patience).toEqual(["moved"]);
        leave();
        await expect.poll(() => listeningTo(others), patience).toBe(0);
        await listened.restart();
      });
    }
  }, 120_000);
});
