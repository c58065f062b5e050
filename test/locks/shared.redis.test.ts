import { describe, expect, it } from "vitest";
import type { LocksOptions } from "../../src/index.js";
import { callRedis, waitUntil } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { readAndWrite } from "./readers-writers.js";
import { clients, foreignSet, locksOf, rejection, uniqueName } from "./support.js";

const servers = sharedServers().slice(0, 3);
const shared = { mode: "shared" } as const;

const ours = (prefix: string, options: Partial<LocksOptions> = {}) =>
  locksOf(
    servers.map(({ port }) => clients.ioredis(port)),
    { prefix, ttl: 5_000, ...options },
  );

/** The values of a key on all servers, once they are all alike. */
const onAll = (args: readonly [string, ...string[]], value: unknown) =>
  waitUntil(`${args.join(" ")} gives ${value}`, 5_000, async () => {
    const replies = await Promise.all(servers.map(({ port }) => callRedis(port, args)));
    return replies.every((reply) => reply === value);
  });

describe("a shared lock on servers", () => {
  it("is held by several processes, keeps writers out, and leaves nothing behind", async () => {
    const prefix = uniqueName();
    const one = await ours(prefix).acquire("a", shared);
    const two = await ours(prefix).acquire("a", { ...shared, fence: true });
    const writers = ours(prefix);
    expect(await writers.tryAcquire("a")).toBeNull();
    const { holder } = await writers.inspect("a");
    expect(holder).toMatchObject({ mode: "shared", readerCount: 2 });
    await one.release();
    expect(await writers.tryAcquire("a")).toBeNull();
    await two.release();
    await onAll(["EXISTS", `${prefix}a`], 0);
    await onAll(["EXISTS", `holdfast:readers:${prefix}a`], 0);
    const writer = await writers.acquire("a", { fence: true });
    expect(writer.fence).toBeGreaterThan(two.fence);
    await writer.release();
  });

  it("wakes the writer when the last reader leaves, and the readers when the writer does", async () => {
    const prefix = uniqueName();
    const locks = ours(prefix);
    const reader = await locks.acquire("a", shared);
    const writing = ours(prefix).acquire("a");
    await onAll(["EXISTS", `holdfast:queue:${prefix}a`], 1);
    const reading = [ours(prefix).acquire("a", shared), ours(prefix).acquire("a", shared)];
    await onAll(["ZCARD", `holdfast:queue:${prefix}a`], 6);
    await reader.release();
    const writer = await writing;
    await writer.release();
    for (const lease of await Promise.all(reading)) expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("is upgraded while other readers leave, and released as any lock", async () => {
    const prefix = uniqueName();
    const lease = await ours(prefix).acquire("a", { ...shared, fence: true });
    const other = await ours(prefix).acquire("a", shared);
    const before = lease.fence;
    const upgrading = lease.upgrade();
    await onAll(["ZCARD", `holdfast:queue:${prefix}a`], 2);
    expect(await ours(prefix).tryAcquire("a", shared)).toBeNull();
    expect(await rejection(other.upgrade())).toMatchObject({ code: "UPGRADE_FAILED", reason: "contended" });
    await other.release();
    await upgrading;
    expect([lease.mode, lease.fence > before]).toEqual(["exclusive", true]);
    expect(await ours(prefix).tryAcquire("a", shared)).toBeNull();
    await lease.renew();
    await lease.release();
    await onAll(["EXISTS", `${prefix}a`], 0);
    await onAll(["EXISTS", `holdfast:queue:${prefix}a`], 0);
  });

  it("excludes other clients of the Redlock specification, and is excluded by them", async () => {
    const prefix = uniqueName();
    const locks = ours(prefix);
    await foreignSet(servers.slice(0, 2), `${prefix}a`, "whatever-random");
    expect(await rejection(locks.acquire("a", { ...shared, wait: 0 }))).toMatchObject({
      code: "LOCK_CONTENDED",
    });
    const lease = await locks.acquire("b", shared);
    await onAll(["TYPE", `${prefix}b`], "string");
    expect(await foreignSet(servers, `${prefix}b`)).toEqual([null, null, null]);
    await lease.release();
    await onAll(["EXISTS", `${prefix}b`], 0);
    expect(await foreignSet(servers, `${prefix}b`)).toEqual(["OK", "OK", "OK"]);
  });

  it("deletes stale readers of a key that others have had meanwhile", async () => {
    const prefix = uniqueName();
    const locks = ours(prefix);
    const stale = await locks.acquire("a", { ...shared, renew: false });
    for (const { port } of servers) await callRedis(port, ["DEL", `${prefix}a`]);
    const fresh = await ours(prefix).acquire("a", shared);
    expect(await rejection(stale.renew())).toMatchObject({ code: "LEASE_EXPIRED" });
    await fresh.release();
    await onAll(["EXISTS", `${prefix}a`], 0);
  });
});

it("no writer is beside anybody, by a witness, between 8 processes", async () => {
  await readAndWrite(30);
}, 240_000);
