import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { type RedisServer, waitUntil } from "../support/servers.js";
import { clients, countKeys, keysOn, locksOf, ownServers, strayErrors } from "./support.js";

const prefix = "lock:";
/** Creates one node of each kind that reconnects automatically. */
const threeKinds = ([first, second, third]: readonly RedisServer[]) => [
  clients.ioredis(first!.port),
  clients.nodeRedis(second!.port),
  third!.url,
];

/** Disturbs all servers repeatedly until `work` is done. */
async function during(
  servers: readonly RedisServer[],
  disturb: (server: RedisServer) => Promise<unknown>,
  work: Promise<unknown>,
): Promise<number> {
  let over = false;
  let times = 0;
  const finished = work.finally(() => {
    over = true;
  });
  const disturbance = (async () => {
    while (!over) {
      await Promise.all(servers.map(disturb));
      times += 1;
    }
  })();
  await Promise.all([finished, disturbance]);
  return times;
}

async function turns(locks: Locks, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await locks.using(`turn-${turn % 3}`, () => {});
}

const gone = (servers: readonly RedisServer[]) =>
  waitUntil("no key is left", 10_000, async () => (await countKeys(servers, prefix)) === 0);

describe("SCRIPT FLUSH", () => {
  it("between acquisition, renewal and release causes only a resend of the script", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(threeKinds(servers), { prefix, ttl: 60_000 });
    const flush = () => Promise.all(servers.map((server) => server.call("SCRIPT", "FLUSH")));
    const lease = await locks.acquire("a");
    await flush();
    await lease.renew(120_000);
    expect(lease.remaining()).toBeGreaterThan(60_000);
    await flush();
    expect(await lease.release()).toBe("released");
    await gone(servers);
    await flush();
    expect(await locks.using("a", () => "again")).toBe("again");
    await gone(servers);
  });

  it("at any time fails no acquisition and leaves no key", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(threeKinds(servers), { prefix, ttl: 60_000 });
    const failures: unknown[] = [];
    locks.on("retrying", (event) => failures.push(event));
    const flushes = await during(
      servers,
      (server) => server.call("SCRIPT", "FLUSH"),
      Promise.all([turns(locks, 200), locks.using("b", () => turns(locks, 0))]),
    );
    expect(flushes).toBeGreaterThan(1);
    expect(failures).toEqual([]);
    await gone(servers);
  });
});

describe("a server that was killed and restarted", () => {
  it("gets the key again, with an expiry, from the next renewal", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(threeKinds(servers), { prefix, ttl: 4_000 });
    const lease = await locks.acquire("a");
    for (const server of servers) {
      await server.restart();
      expect(await server.call("KEYS", `${prefix}*`)).toEqual([]);
      await waitUntil(`the node on port ${server.port} is healed`, 15_000, async () => {
        return Number(await server.call("PTTL", `${prefix}a`)) > 0;
      });
      expect(Number(await server.call("PTTL", `${prefix}a`))).toBeLessThanOrEqual(4_000);
    }
    expect(lease.signal.aborted).toBe(false);
    expect(await lease.release()).toBe("released");
    await gone(servers);
  });

  it("gets no key after the release", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(threeKinds(servers), { prefix, ttl: 1_000 });
    let ups = 0;
    locks.on("nodeUp", () => {
      ups += 1;
    });
    const lease = await locks.acquire("a");
    await servers[0]!.kill();
    expect(await lease.release()).toBe("released");
    await servers[0]!.start();
    await waitUntil("the client is back", 10_000, () => ups > 0);
    // Two renewals would have happened in this real time.
    const until = performance.now() + 1_200;
    await waitUntil("a ttl has passed", 5_000, async () => {
      expect(await keysOn(servers, prefix)).toEqual([[], [], []]);
      return performance.now() > until;
    });
  });
});

describe("CLIENT KILL", () => {
  const kill = (server: RedisServer) => server.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");

  it("during acquisitions fails none of them, and leaves no key", { timeout: 60_000 }, async () => {
    const strays = strayErrors();
    const servers = await ownServers(3);
    const locks = locksOf(threeKinds(servers), { prefix, ttl: 60_000, wait: 30_000, retry: { delay: 10 } });
    let killed = 0;
    let granted = 0;
    locks.on("acquired", () => {
      granted += 1;
    });
    let over = false;
    const work = turns(locks, 60).finally(() => {
      over = true;
    });
    await during(
      servers,
      async (server) => {
        const before = granted;
        killed += Number(await kill(server));
        // Reconnecting may take any time, but the acquisition must be granted in the end.
        await waitUntil("something was granted since", 30_000, () => over || granted > before);
      },
      work,
    );
    expect(killed).toBeGreaterThan(3);
    await gone(servers);
    expect(strays).toEqual([]);
  });

  it("during a lease does not lose the lease", async () => {
    const servers = await ownServers(3);
    const locks = locksOf(threeKinds(servers), { prefix, ttl: 3_000 });
    let renewals = 0;
    locks.on("renewed", () => {
      renewals += 1;
    });
    const lease = await locks.acquire("a");
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all(servers.map(kill));
      const before = renewals;
      await waitUntil("it is renewed over the new connections", 10_000, () => renewals > before);
    }
    expect(lease.signal.aborted).toBe(false);
    expect(await lease.release()).toBe("released");
    await gone(servers);
  });
});
