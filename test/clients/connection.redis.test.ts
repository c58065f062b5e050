import { Redis } from "ioredis";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis-5";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RedisClientInput } from "../../src/clients/node-input.js";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import {
  acquire,
  granted,
  holderOf,
  type Open,
  one,
  openReady,
  reachesConnection,
  tokenOf,
  uniqueKey,
} from "../contract/subject.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const clients: [string, Open][] = [
  ...everyClient(() => server.port),
  ["a redis:// address", () => ({ node: recogniseNode(server.url, 0), end: () => {} })],
];
const take = () => acquire(uniqueKey(), tokenOf("me"));
const lost = {
  kind: "failed",
  reason: "connection",
  message: expect.stringMatching(/lost|closed|max retries/i),
};

describe.each(clients)("%s", (_, open) => {
  test("fails unanswered calls at once when its server dies, reports the cause, and reconnects", async () => {
    await withNode(open, async (node) => {
      const key = uniqueKey();
      const seen: [string, Error | undefined][] = [];
      node.watch((connection, cause) => seen.push([connection, cause]));
      await server.suspend();
      const answers = [one(node, acquire(key, tokenOf("me"))), one(node, take())];
      const down = reachesConnection(node, "down");
      await server.kill();
      await down;
      expect(await Promise.all(answers)).toEqual([lost, lost]);
      expect(await one(node, take())).toMatchObject({ kind: "failed", reason: "notReady" });
      expect(node.connection).toBe("down");
      const ready = reachesConnection(node, "ready");
      await server.restart();
      await ready;
      expect(await holderOf(node, key)).toBeNull();
      expect(await one(node, take())).toEqual(granted);
      expect(seen.map(([connection]) => connection)).toEqual(["down", "ready"]);
      for (const [, cause] of seen) expect(cause ?? {}).not.toHaveProperty("command");
    });
  });
});

interface Listened {
  listenerCount(event: string): number;
  eventNames(): (string | symbol)[];
}

/** The number of listeners per event, without the permanent one for an event that is never emitted. */
const listeners = (client: Listened): Record<string, number> =>
  Object.fromEntries(
    client
      .eventNames()
      .filter((name) => name !== "holdfast:anchor")
      .map((name) => [String(name), client.listenerCount(String(name))]),
  );

describe("a client that the user passed", () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  beforeEach(() => {
    warnings.length = 0;
    process.on("warning", note);
  });
  afterEach(() => {
    process.off("warning", note);
  });

  const both: [string, () => { client: RedisClientInput & Listened; end(): void }][] = [
    [
      "ioredis",
      () => {
        const client = new Redis({ port: server.port, lazyConnect: true });
        return { client, end: () => client.disconnect() };
      },
    ],
    [
      "node-redis 6",
      () => {
        const client = createClient({ url: server.url });
        return { client, end: () => client.destroy() };
      },
    ],
    [
      "node-redis 5",
      () => {
        const client = createClient5({ url: server.url });
        return { client, end: () => client.destroy() };
      },
    ],
  ];

  test.each(both)(
    "%s has one listener per event for all managers, and none after the last manager",
    async (_, make) => {
      const { client, end } = make();
      const before = listeners(client);
      const nodes = Array.from({ length: 40 }, () => recogniseNode(client, 0));
      const stops = nodes.map((node) => node.watch(() => {}));
      const ready = reachesConnection(nodes[0] as LockNode, "ready");
      nodes[0]?.connect();
      await ready;
      const answers = nodes.map((node) => one(node, take()));
      for (const count of Object.values(listeners(client))) expect(count).toBeLessThanOrEqual(3);
      expect(await Promise.all(answers)).toEqual(nodes.map(() => granted));
      for (const stop of stops) stop();
      for (const node of nodes) await node.close();
      const left = listeners(client);
      // An open node-redis client without any "error" listener would end the process with the next error.
      if ("isOpen" in client) expect(left).toEqual({ ...before, error: 1 });
      else expect(left).toEqual(before);
      expect(nodes[0]?.connection).toBe("ready");
      end();
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([]);
    },
  );

  test("keeps its own listeners, and is not closed", async () => {
    const client = createClient({ url: server.url });
    const seen: string[] = [];
    client.on("error", () => seen.push("error"));
    client.on("ready", () => seen.push("ready"));
    const node = recogniseNode(client, 0);
    const stop = node.watch(() => {});
    await client.connect();
    expect(await one(node, take())).toEqual(granted);
    stop();
    expect(await one(node, take())).toEqual(granted);
    await node.close();
    expect(client.isReady).toBe(true);
    await server.restart();
    const again = reachesConnection(node, "ready");
    await again;
    expect(seen[0]).toBe("ready");
    expect(seen).toContain("error");
    client.destroy();
  });

  test("never ends the process with an error that has no listener", async () => {
    const client = createClient({ url: server.url });
    const node = recogniseNode(client, 0);
    const stop = node.watch(() => {});
    await client.connect();
    stop();
    await server.kill();
    // No watch is left, so the state is read instead.
    await expect.poll(() => node.connection).toBe("down");
    await server.restart();
    await expect.poll(() => node.connection).toBe("ready");
    expect(await one(node, take())).toEqual(granted);
    client.destroy();
  });

  test("is down at once when it is being closed, for every watcher", async () => {
    const { node, end } = await openReady(() => {
      const client = new Redis({ port: server.port, lazyConnect: true });
      return { node: recogniseNode(client, 0), end: () => client.disconnect() };
    });
    await end();
    expect(node.connection).toBe("down");
  });
});
