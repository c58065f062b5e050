import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { clients, countKeys, locksOf, ownServers } from "./support.js";

it("300 leases of 3 s are renewed with at most a fifth of the calls, and none is lost", async () => {
  const servers = await ownServers(3);
  const locks = locksOf(
    servers.map(({ port }) => clients.ioredis(port)),
    // The limit suits a busy machine.
    { ttl: 3_000, grouping: true },
  );
  await locks.using("first", () => {});
  let renewals = 0;
  const lost: string[] = [];
  locks.on("renewed", () => {
    renewals++;
  });
  locks.on("expired", ({ resources }) => lost.push(...resources));
  const leases = await Promise.all(Array.from({ length: 300 }, (_, index) => locks.acquire(`r${index}`)));
  for (const server of servers) await server.call("CONFIG", "RESETSTAT");
  // Two and a half TTLs of real time, because the servers have real clocks. Each lease is renewed five times.
  await sleep(7_500);
  expect(lost).toEqual([]);
  for (const lease of leases) expect(lease.remaining()).toBeGreaterThan(0);
  expect(await countKeys(servers, "r")).toBe(900);
  expect(renewals).toBeGreaterThan(300 * 4);
  const counted = renewals;
  for (const server of servers) {
    const stats = String(await server.call("INFO", "commandstats"));
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
    // The leases are renewed together, in as few calls as there are renewals of one lease.
    expect(calls).toBeGreaterThanOrEqual(4);
    expect(calls).toBeLessThan(counted / 5);
  }
  await Promise.all(leases.map((lease) => lease.release()));
  expect(await countKeys(servers, "r")).toBe(0);
});
