import { describe, expect, it } from "vitest";
import { waitUntil } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import {
  clients,
  countKeys,
  foreignSet,
  keysOn,
  locksOf,
  ownServers,
  rejection,
  uniqueName,
} from "./support.js";

const prefix = "lock:";
/** Long enough that a key that disappears during the test was deleted and did not expire. */
const ttl = 60_000;

describe("a failed attempt leaves nothing behind", () => {
  it("when a contended attempt was granted by a minority", async () => {
    const servers = sharedServers();
    const prefix = uniqueName();
    const locks = locksOf(
      servers.map(({ port }) => clients.ioredis(port)),
      { prefix, ttl },
    );
    await foreignSet(servers.slice(0, 3), `${prefix}a`);
    let attempts = 0;
    const retry = (attempt: number) => {
      attempts = attempt;
      return attempt < 20 ? 0 : false;
    };
    expect((await rejection(locks.acquire("a", { retry }))).code).toBe("LOCK_CONTENDED");
    expect(attempts).toBe(20);
    const foreign = Array(3).fill([`${prefix}a`]);
    await waitUntil("nothing but the foreign keys is left", 30_000, async () => {
      return (await countKeys(servers, prefix)) === 3;
    });
    expect(await keysOn(servers, prefix)).toEqual([...foreign, [], []]);
  });

  it("when the attempt timed out on hung nodes that wake later", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(
      servers.map(({ port }) => clients.ioredis(port)),
      { prefix, ttl, nodeTimeout: 200 },
    );
    await locks.using("a", () => {});
    await Promise.all([servers[0]!.suspend(), servers[1]!.suspend()]);
    const retry = { count: 3, delay: 10 };
    expect((await rejection(locks.acquire("a", { retry }))).code).toBe("QUORUM_UNAVAILABLE");
    servers[0]!.resume();
    servers[1]!.resume();
    await waitUntil("every node answers the same client, after all earlier requests", 30_000, async () => {
      const { nodes } = await locks.inspect("other");
      return nodes.every(({ state }) => state === "free");
    });
    expect(await keysOn(servers, prefix)).toEqual([[], [], []]);
  });

  it("when the hung node was the minority of a lease that is released before the node wakes", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(
      servers.map(({ url }) => url),
      { prefix, ttl },
    );
    await locks.using("a", () => {});
    await servers[2]!.suspend();
    await locks.using("a", () => {});
    servers[2]!.resume();
    await waitUntil("the late grant is gone as well", 30_000, async () => {
      const { nodes } = await locks.inspect("a");
      return nodes.every(({ state }) => state === "free");
    });
    expect(await keysOn(servers, prefix)).toEqual([[], [], []]);
  });

  it("when the connection of a hung node was replaced before the node woke", async () => {
    const servers = await ownServers(3);
    const impatient = clients.nodeRedis(servers[0]!.port, {
      socket: { host: "127.0.0.1", port: servers[0]!.port, socketTimeout: 400, reconnectStrategy: 50 },
    });
    const nodes = [impatient, clients.ioredis(servers[1]!.port), clients.ioredis(servers[2]!.port)];
    const locks = locksOf(nodes, { prefix, ttl });
    await locks.using("a", () => {});
    let downs = 0;
    locks.on("nodeDown", () => {
      downs += 1;
    });
    await servers[0]!.suspend();
    const lease = await locks.acquire("a");
    await waitUntil("the client gave its connection up", 30_000, () => downs > 0);
    await lease.release();
    servers[0]!.resume();
    await waitUntil("no key is left", 30_000, async () => (await countKeys(servers, prefix)) === 0);
  });

  it("when twenty callers contend for one resource on five servers", { timeout: 300_000 }, async () => {
    const servers = sharedServers();
    const prefix = uniqueName();
    const contenders = Array.from({ length: 20 }, () =>
      locksOf(
        servers.map(({ url }) => url),
        { prefix, ttl: 600_000, wait: 250_000, retry: { delay: 5, maxDelay: 40 } },
      ),
    );
    let inside = 0;
    let most = 0;
    let turns = 0;
    await Promise.all(
      contenders.map(async (locks) => {
        for (let turn = 0; turn < 5; turn += 1) {
          await locks.using("a", async () => {
            inside += 1;
            most = Math.max(most, inside);
            await new Promise(setImmediate);
            inside -= 1;
            turns += 1;
          });
        }
      }),
    );
    expect({ most, turns }).toEqual({ most: 1, turns: 100 });
    await waitUntil("no key is left", 30_000, async () => (await countKeys(servers, prefix)) === 0);
  });
});
