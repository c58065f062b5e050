import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { NodeInput } from "../../src/clients/node-input.js";
import { recogniseNode } from "../../src/clients/recognise.js";
import { subscribeToFrames } from "../../src/inspector/publishing/frame-subscription.js";
import { clients, locksOf, ownServers, rejection } from "../locks/support.js";
import { type RedisServer, waitUntil } from "../support/servers.js";

const password = "PASSWORD";

/** The access rule in SECURITY.md. */
async function documentedRule(): Promise<string[]> {
  const text = await readFile(new URL("../../SECURITY.md", import.meta.url), "utf8");
  const line = /^ACL SETUSER locks (.+)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error("SECURITY.md gives no ACL rule");
  return line.split(" ");
}

let rule: readonly string[];
beforeAll(async () => {
  rule = await documentedRule();
});

async function serversWith(rules: readonly string[]): Promise<RedisServer[]> {
  const servers = await ownServers(3);
  for (const server of servers) await server.call("ACL", "SETUSER", "locks", ...rules);
  return servers;
}

const user = { username: "locks", password };
const kinds: Record<string, (server: RedisServer) => NodeInput> = {
  ioredis: ({ port }: RedisServer) => clients.ioredis(port, user),
  "node-redis": ({ port }: RedisServer) => clients.nodeRedis(port, user),
  "an address": ({ port }: RedisServer) => `redis://locks:${password}@127.0.0.1:${port}`,
};

describe("the access that SECURITY.md gives", () => {
  it("is sufficient for all operations of locks, with every client", async () => {
    const servers = await serversWith(rule);
    for (const [kind, open] of Object.entries(kinds)) {
      // A resource of its own: a place in a queue of the kind before may not have lapsed.
      const resource = `one with ${kind}`;
      const [ours, theirs] = ["ours", "theirs"].map((owner) =>
        locksOf(servers.map(open), {
          prefix: "locks:",
          owner,
          nodeTimeout: 3_000,
          ttl: 20_000,
          publish: true,
        }),
      ) as [ReturnType<typeof locksOf>, ReturnType<typeof locksOf>];
      const lease = await ours.acquire(resource, { fence: true });
      const waiting = theirs.acquire(resource, { fence: true, wait: 20_000 });
      const owners = new Set<string>();
      const looking = subscribeToFrames(
        servers.map((server, index) => recogniseNode(open(server) as string, index)),
        (frame) => frame.kind === "beat" && owners.add(frame.owner),
      );
      await waitUntil("both were seen", 10_000, () => owners.size === 2);
      await looking.close();
      expect((await theirs.inspect(resource)).nodes.map(({ state }) => state)).toEqual([
        "held",
        "held",
        "held",
      ]);
      await lease.renew();
      await lease.release();
      const next = await waiting;
      expect(next.fence).toBeGreaterThan(lease.fence);
      await (await ours.adopt(next.handover())).release();
      await (await ours.acquire(["b", "c"])).release();
      await Promise.all([ours.close(), theirs.close()]);
    }
    // Only the clients' own information commands were refused.
    for (const server of servers) {
      const refusals = (await server.call("ACL", "LOG")) as string[][];
      expect(refusals.map((entry) => String(entry[7])).filter((object) => !/^client/.test(object))).toEqual(
        [],
      );
    }
  });

  it("may omit the channel of the inspector: locks that publish still work", async () => {
    const servers = await serversWith(rule.filter((word) => word !== "&holdfast:life"));
    const locks = locksOf(
      servers.map(({ port }) => clients.ioredis(port, user)),
      { prefix: "locks:", publish: true },
    );
    const [server] = servers;
    await waitUntil("it was refused", 5_000, async () =>
      String(await server?.call("ACL", "LOG")).includes("holdfast:life"),
    );
    await locks.using("a", () => {});
  });

  it("is no more than the locks of one prefix", async () => {
    const servers = await serversWith(rule);
    const locks = locksOf(
      servers.map(({ port }) => clients.ioredis(port, user)),
      { prefix: "other:" },
    );
    expect(String(await rejection(locks.tryAcquire("a")))).toContain("NOPERM");
    const client = clients.ioredis(servers[0]?.port ?? 0, user);
    for (const line of [
      "FLUSHALL",
      "KEYS *",
      "CONFIG GET *",
      "ACL LIST",
      "CLIENT LIST",

      "GET a",
    ]) {
      const [command = "", ...words] = line.split(" ");
      expect(String(await rejection(client.call(command, ...words)))).toContain("NOPERM");
    }
    expect(String(await rejection(client.publish("elsewhere", "x")))).toContain("NOPERM");
  });

  it("without ZADD refuses leases of more than a minute, and the error says how to find the cause", async () => {
    const servers = await ownServers(1);
    await servers[0]?.call("ACL", "SETUSER", "worker", "on", ">s3cret", "+@all", "-zadd", "~*", "&*");
    const user = { username: "worker", password: "s3cret" };
    const locks = locksOf(servers.map(({ port }) => clients.ioredis(port, user)));
    expect(await locks.using("a", { ttl: 60_000 }, () => "short")).toBe("short");
    expect(String(await rejection(locks.acquire("a", { ttl: 60_001, wait: 0 })))).toMatch(
      /can't run this command.*; `holdfast doctor` names the missing right\): waiting does not help$/,
    );
  });
});
