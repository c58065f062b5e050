import { describe, expect, it } from "vitest";
import { longLeasesKey, markerKey } from "../../src/engine/protocol/side-keys.js";
import { callRedis } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { clients, locksOf, ownServers, uniqueName } from "./support.js";

const least = 30_000;

describe("a lock that is kept after its release, on real servers", () => {
  it.each(["ioredis", "nodeRedis"] as const)(
    "is a plain string with an expiry that keeps every client out (%s)",
    async (kind) => {
      const servers = sharedServers().slice(0, 3);
      const prefix = uniqueName();
      const nodes = servers.map(({ port }) => clients[kind](port));
      const locks = locksOf(nodes, { prefix, owner: "me", holdAtLeast: least });
      await locks.using("a", () => {});
      for (const { port } of servers) {
        expect(await callRedis(port, ["GET", `${prefix}a`])).toMatch(/^me~kept-[0-9a-f]{17}$/);
        const left = Number(await callRedis(port, ["PTTL", `${prefix}a`]));
        expect(left).toBeGreaterThan(0);
        expect(left).toBeLessThanOrEqual(least);
        // As another client of the Redlock specification asks.
        expect(await callRedis(port, ["SET", `${prefix}a`, "foreign", "NX", "PX", "1000"])).toBeNull();
      }
      const other = locksOf(
        servers.map(({ url }) => url),
        { prefix },
      );
      expect(await other.tryAcquire("a")).toBeNull();
      expect(await other.inspect("a")).toMatchObject({ held: true, holder: { owner: "me", kept: true } });
    },
  );

  it("is granted to a waiter of another process when the time is over, and not before", async () => {
    const servers = sharedServers().slice(0, 3);
    const prefix = uniqueName();
    const [one, other] = [0, 1].map(() =>
      locksOf(
        servers.map(({ url }) => url),
        { prefix },
      ),
    );
    const start = performance.now();
    await one?.using("a", { holdAtLeast: 2_000 }, () => {});
    await other?.acquire("a", { wait: 60_000 });
    // The clocks of the servers and of this process may differ by the drift.
    expect(performance.now() - start).toBeGreaterThan(2_000 - 22);
  });

  it("is kept by a server without free memory, which refuses to set a key", async () => {
    const [server] = await ownServers(1);
    const locks = locksOf([clients.ioredis(server?.port ?? 0)], { holdAtLeast: least, ttl: 60_000 });
    const lease = await locks.acquire("a");
    const token = await server?.call("GET", "a");
    await server?.call("CONFIG", "SET", "maxmemory", 1);
    expect(await lease.release()).toBe("released");
    expect(await server?.call("GET", "a")).toBe(token);
    expect(Number(await server?.call("PTTL", "a"))).toBeLessThanOrEqual(least);
  });

  it("counts among the long leases for what is left, and no longer", async () => {
    const [server] = await ownServers(1);
    const locks = locksOf([clients.ioredis(server?.port ?? 0)], { ttl: 3_600_000, holdAtLeast: 600_000 });
    const lease = await locks.acquire("a");
    const ends = async () => Number(await server?.call("ZSCORE", longLeasesKey, "ua"));
    const before = await ends();
    await lease.release();
    expect(before - (await ends())).toBeGreaterThan(2_900_000);
    // The marker remembers only short ones.
    expect(await server?.call("GET", markerKey)).not.toContain("600000");
  });
});
