import { describe, expect, it } from "vitest";
import { callRedis, waitUntil } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { clients, countKeys, foreignSet, locksOf, rejection, uniqueName } from "./support.js";

const servers = sharedServers().slice(0, 3);
/** The release of the Redlock specification, as other implementations use it. */
const compareAndDelete = `
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

const ours = (prefix: string, ttl = 30_000) =>
  locksOf(
    servers.map(({ port }) => clients.ioredis(port)),
    { prefix, ttl },
  );

describe("a client of the Redlock specification, in any language", () => {
  it("excludes Holdfast with its SET NX PX on a majority", async () => {
    const prefix = uniqueName();
    const locks = ours(prefix);
    await foreignSet(servers.slice(0, 2), `${prefix}a`, "whatever-random");
    const error = await rejection(locks.acquire("a", { wait: 0 }));
    expect(error.code).toBe("LOCK_CONTENDED");
    expect(error.message).toMatch(
      /"a" is held by a foreign client \(token hash [0-9a-f]{16}\) for up to [\d.]+ m?s/,
    );
    expect(error.message).not.toContain("whatever-random");
    await waitUntil(
      "only its two keys are left",
      5_000,
      async () => (await countKeys(servers, prefix)) === 2,
    );
  });

  it("does not exclude Holdfast with a minority", async () => {
    const prefix = uniqueName();
    const locks = ours(prefix);
    await foreignSet(servers.slice(0, 1), `${prefix}a`);
    expect(await locks.using("a", () => "mine")).toBe("mine");
    expect(await callRedis(servers[0]!.port, ["GET", `${prefix}a`])).toBe("foreign");
  });

  it("finds a plain string with an expiry while Holdfast holds the lock, and cannot set it", async () => {
    const prefix = uniqueName();
    await using lease = await ours(prefix).acquire("a");
    expect(lease.remaining()).toBeGreaterThan(0);
    const key = `${prefix}a`;
    for (const { port } of servers) {
      await waitUntil(`port ${port} has the key`, 5_000, async () => {
        return (await callRedis(port, ["TYPE", key])) === "string";
      });
      const left = Number(await callRedis(port, ["PTTL", key]));
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(30_000);
    }
    expect(await foreignSet(servers, key)).toEqual([null, null, null]);
  });

  it("can delete the key by compare-and-delete with the token, and then gets the lock", async () => {
    const prefix = uniqueName();
    const locks = ours(prefix, 3_000);
    const key = `${prefix}a`;
    const lost: string[] = [];
    const lease = await locks.acquire("a", { onLost: ({ reason }) => void lost.push(reason) });
    for (const { port } of servers) {
      await waitUntil(
        `port ${port} has the key`,
        5_000,
        async () => (await callRedis(port, ["EXISTS", key])) === 1,
      );
      const token = String(await callRedis(port, ["GET", key]));
      expect(await callRedis(port, ["EVAL", compareAndDelete, 1, key, "not-it"])).toBe(0);
      expect(await callRedis(port, ["EVAL", compareAndDelete, 1, key, token])).toBe(1);
    }
    expect(await foreignSet(servers, key)).toEqual(["OK", "OK", "OK"]);
    await waitUntil("the next renewal notices", 5_000, () => lost.length > 0);
    expect(lost).toEqual(["taken"]);
    expect(lease.signal.aborted).toBe(true);
    expect(await lease.release()).toBe("expired");
    expect(await countKeys(servers, prefix)).toBe(3);
  });
});
