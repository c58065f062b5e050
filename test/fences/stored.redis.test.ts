import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fenceRecordTtl } from "../../src/engine/protocol/script.js";
import { markerKey } from "../../src/engine/protocol/side-keys.js";
import { systemClock } from "../../src/engine/time/system-clock.js";
import type { Locks, LocksOptions } from "../../src/index.js";
import { locksOf, ownServers } from "../locks/support.js";
import { freePort } from "../support/free-port.js";
import { type RedisServer, startServer, waitUntil } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { SkewedClock } from "./skewed-clock.js";

const hour = 3_600_000;
const newest = Number.MAX_SAFE_INTEGER;
const watermark = "holdfast:watermark";

// Own servers, because a watermark at the maximum would affect all other tests.
let servers: RedisServer[];
beforeAll(async () => {
  servers = await startAll([startServer, startServer, startServer].map((start) => () => start()));
});
afterAll(() => stopAll(servers));

const onAll = (...command: (string | number)[]) =>
  Promise.all(servers.map((server) => server.call(...(command as [string, ...string[]]))));
const record = (resource: string) => `holdfast:fence:${resource}`;
/** Returns the recorded fences, without the memory mark that follows each fence. */
const recorded = async (resource: string) =>
  (await onAll("GET", record(resource))).map((value) =>
    value === null ? null : String(value).split(" ")[0],
  );
/** Returns the fence of a lease by a process whose clock is `ahead` ms ahead. */
async function fenceOf(
  resource: string,
  ahead = 0,
  options: Omit<LocksOptions, "nodes"> = {},
): Promise<number> {
  const nodes = servers.map(({ url }) => url);
  const locks = locksOf(nodes, { clock: new SkewedClock(systemClock, ahead), ttl: 5_000, ...options });
  const lease = await locks.acquire(resource, { fence: true });
  await lease.release();
  await locks.close();
  return lease.fence;
}
const forget = async (resource: string) => {
  await onAll("PEXPIRE", record(resource), 1);
  await waitUntil("the record has expired", 2_000, async () =>
    (await recorded(resource)).every((value) => value === null),
  );
};
/** Waits until all nodes have the fence, because an acquisition does not wait for the last node. */
const untilAllHave = (resource: string, fence: number) =>
  waitUntil(`all have ${fence}`, 2_000, async () =>
    (await recorded(resource)).every((value) => value === String(fence)),
  );

describe("on real servers, a fence", () => {
  it("is above the watermark when the record has expired, even when the next clock is hours behind", async () => {
    const first = await fenceOf("expiring", hour);
    await forget("expiring");
    const second = await fenceOf("expiring", -hour);
    expect(second).toBeGreaterThan(first);
    await forget("expiring");
    expect(await fenceOf("expiring")).toBeGreaterThan(second);
  });

  it("is above the watermarks of a majority when the watermark of one node is older", async () => {
    const first = await fenceOf("kept", 2 * hour);
    await untilAllHave("kept", first);
    await forget("kept");
    await servers[2]?.call("SET", watermark, "1");
    expect(await fenceOf("kept", -hour)).toBeGreaterThan(first);
  });

  it("that is lower than the fence of another resource does not change the watermark", async () => {
    // A process follows the watermark that a node has when it connects, but not later.
    const locks = locksOf(servers.map(({ url }) => url));
    const lower = async () => {
      const lease = await locks.acquire("low", { fence: true });
      await lease.release();
      return lease.fence;
    };
    await lower();
    const high = await fenceOf("high", 9 * hour);
    expect(await lower()).toBeLessThan(high);
    await untilAllHave("high", high);
    await forget("high");
    expect(await fenceOf("high")).toBeGreaterThan(high);
  });

  it("leaves one small record per resource, which expires a day after its last use, and one watermark", async () => {
    let fence = 0;
    for (let nth = 0; nth < 20; nth++) fence = await fenceOf("small", nth % 2 === 0 ? 0 : -hour);
    await untilAllHave("small", fence);
    for (const server of servers) {
      expect(await server.call("KEYS", "*small*")).toEqual([record("small")]);
      expect(await server.call("KEYS", "*watermark*")).toEqual([watermark]);
      expect(await server.call("MEMORY", "USAGE", record("small"))).toBeLessThan(200);
      const left = Number(await server.call("PTTL", record("small")));
      expect(left).toBeGreaterThan(fenceRecordTtl - 60_000);
      expect(left).toBeLessThanOrEqual(fenceRecordTtl);
      expect(await server.call("PTTL", watermark)).toBe(-1);
      expect(await server.call("GET", watermark)).toBe(String(fence));
    }
    expect(fenceRecordTtl).toBe(24 * hour);
  });

  it("is above the last fence when an old snapshot restored an older record and the next clock is behind", async () => {
    const own = await ownServers(3, { args: ["--dbfilename", "dump.rdb"] });
    const [first, second, third] = own.map(({ url }) => url) as [string, string, string];
    const [nowhere, options] = [`redis://127.0.0.1:${await freePort()}`, { ttl: 500, wait: 20_000 }];
    const open = (nodes: string[], ahead = 0) =>
      locksOf(nodes, { ...options, clock: new SkewedClock(systemClock, ahead) });
    const lease = async (locks: Locks, resource: string) => {
      const held = await locks.acquire(resource, { fence: true });
      await held.release();
      return held.fence;
    };
    const all = open([first, second, third]);
    await lease(all, "a");
    await waitUntil(
      "the first has the record",
      2_000,
      async () => (await own[0]?.call("GET", record("a"))) !== null,
    );
    await own[0]?.call("SAVE");
    const before = await own[0]?.call("GET", markerKey);
    const highest = await lease(open([first, second, nowhere], hour), "a");
    await own[0]?.kill();
    await own[0]?.restart();
    await waitUntil("it votes again", 20_000, async () => {
      await all.using("b", () => {});
      const marker = await own[0]?.call("GET", markerKey);
      return marker !== before && !/^[-=?] /.test(String(marker));
    });
    await own[1]?.kill();
    expect(await lease(open([first, nowhere, third]), "a")).toBeGreaterThan(highest);
  });

  it("is stored exactly, up to Number.MAX_SAFE_INTEGER", async () => {
    await onAll("SET", record("last"), String(newest - 2));
    await onAll("SET", watermark, String(newest - 2));
    expect(await fenceOf("last")).toBe(newest - 1);
    expect(await fenceOf("last")).toBe(newest);
    await untilAllHave("last", newest);
    expect(await onAll("GET", watermark)).toEqual(Array(3).fill(String(newest)));
    // An exhausted fence does not prevent acquisitions without a fence.
    const locks = locksOf(servers.map(({ url }) => url));
    await (await locks.acquire("last")).release();
  });
});
