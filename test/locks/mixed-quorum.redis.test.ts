import { describe, expect, it } from "vitest";
import { memoryNode } from "../../src/index.js";
import { callRedis, waitUntil } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { clients, countKeys, keysOn, locksOf, ownServers, timed, uniqueName } from "./support.js";

const ports = sharedServers().map(({ port }) => port) as [number, number, number, number, number];

/** Creates one unconnected client of each kind. */
async function everyKind() {
  const [sixth] = await ownServers(1);
  const ioredis = clients.ioredis(ports[0], { lazyConnect: true });
  const ioredis5 = clients.ioredis5(ports[1], { lazyConnect: true });
  const nodeRedis = clients.nodeRedis(ports[2]);
  const nodeRedis5 = clients.nodeRedis5(ports[3]);
  const plain = clients.plain(ports[4]);
  const nodes = [ioredis, ioredis5, nodeRedis, nodeRedis5, plain, sixth!.url, memoryNode("here")];
  return { nodes, ioredis, ioredis5, nodeRedis, nodeRedis5, servers: [...sharedServers(), sixth!] };
}

describe("a quorum of every kind of client at once", () => {
  it("stores one token on every node, and deletes it again", async () => {
    const { nodes, servers } = await everyKind();
    const prefix = uniqueName();
    const locks = locksOf(nodes, { prefix, ttl: 30_000, owner: "mixed" });
    const lease = await locks.acquire("a");
    const { held, holder, nodes: seen } = await locks.inspect("a");
    expect(held).toBe(true);
    expect(holder?.owner).toBe("mixed");
    expect(seen.map(({ state }) => state)).toEqual(Array(7).fill("held"));
    expect(new Set(seen.map((node) => node.holder?.tokenHash)).size).toBe(1);
    const tokens = await Promise.all(servers.map(({ port }) => callRedis(port, ["GET", `${prefix}a`])));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^mixed~[\w-]{22}$/);
    await lease.release();
    await waitUntil("no server keeps the key", 5_000, async () => (await countKeys(servers, prefix)) === 0);
    expect((await locks.inspect("a")).nodes.map(({ state }) => state)).toEqual(Array(7).fill("free"));
  });

  it("connects unconnected clients within the node timeout", async () => {
    const { nodes, ioredis, ioredis5, nodeRedis, nodeRedis5 } = await everyKind();
    expect([ioredis.status, ioredis5.status]).toEqual(["wait", "wait"]);
    expect([nodeRedis.isOpen, nodeRedis5.isOpen]).toEqual([false, false]);
    const locks = locksOf(nodes, { prefix: uniqueName(), nodeTimeout: 5_000 });
    const { value, ms } = await timed(() => locks.tryAcquire("a"));
    expect(value).not.toBeNull();
    expect(ms).toBeLessThan(5_000);
    expect([ioredis.status, ioredis5.status]).toEqual(["ready", "ready"]);
    expect([nodeRedis.isReady, nodeRedis5.isReady]).toEqual([true, true]);
  });

  it("leaves the user's clients open on close(), and closes its own connections to addresses", async () => {
    const { nodes, ioredis, ioredis5, nodeRedis, nodeRedis5, servers } = await everyKind();
    const opened = async () =>
      String(await callRedis(servers[5]!.port, ["CLIENT", "LIST", "TYPE", "normal"]))
        .trim()
        .split("\n").length - 1;
    const before = await opened();
    const locks = locksOf(nodes, { prefix: uniqueName() });
    await locks.using("a", async () => expect(await opened()).toBe(before + 1));
    await locks.close();
    await waitUntil(
      "the connection to the address is closed",
      5_000,
      async () => (await opened()) === before,
    );
    const answers = [ioredis.ping(), ioredis5.ping(), nodeRedis.ping(), nodeRedis5.ping()];
    expect(await Promise.all(answers)).toEqual(Array(4).fill("PONG"));
  });

  it("provides mutual exclusion between managers with different clients", async () => {
    const three = ports.slice(0, 3) as [number, number, number];
    const prefix = uniqueName();
    const sides = {
      ioredis: locksOf(
        three.map((port) => clients.ioredis(port)),
        { prefix },
      ),
      ioredis5: locksOf(
        three.map((port) => clients.ioredis5(port)),
        { prefix },
      ),
      nodeRedis: locksOf(
        three.map((port) => clients.nodeRedis(port)),
        { prefix },
      ),
      nodeRedis5: locksOf(
        three.map((port) => clients.nodeRedis5(port)),
        { prefix },
      ),
      plain: locksOf(
        three.map((port) => clients.plain(port)),
        { prefix },
      ),
      address: locksOf(
        three.map((port) => `redis://127.0.0.1:${port}`),
        { prefix },
      ),
    };
    for (const [holder, own] of Object.entries(sides)) {
      const lease = await own.acquire("a");
      for (const [other, theirs] of Object.entries(sides)) {
        expect(await theirs.tryAcquire("a"), `${other} while ${holder} holds it`).toBeNull();
      }
      expect(await lease.release()).toBe("released");
      // A quorum has executed the release, so the next caller does not depend on the third node.
    }
    expect((await keysOn(sharedServers(), prefix)).flat()).toEqual([]);
  });
});
