import { expect, it } from "vitest";
import { waitUntil } from "../support/servers.js";
import { clients, countKeys, locksOf, ownServers } from "./support.js";

it("of 300 leases that are renewed together, only the one is lost whose key a majority of servers has lost", async () => {
  const servers = await ownServers(3);
  const locks = locksOf(
    servers.map(({ port }) => clients.ioredis(port)),
    { ttl: 4_000, grouping: true },
  );
  await locks.using("first", () => {});
  const renewals = new Map<string, number>();
  const lost: string[] = [];
  locks.on("renewed", ({ resources: [name = ""] }) => renewals.set(name, (renewals.get(name) ?? 0) + 1));
  locks.on("expired", ({ resources }) => lost.push(...resources));
  const leases = await Promise.all(Array.from({ length: 300 }, (_, index) => locks.acquire(`r${index}`)));
  for (const server of servers.slice(0, 2)) await server.call("DEL", "r7");
  await servers[0]?.call("DEL", "r8");
  for (const server of servers) await server.call("CONFIG", "RESETSTAT");
  const renewed = (times: number) => [...renewals.values()].filter((count) => count >= times).length;
  await waitUntil("the others were renewed twice", 20_000, () => renewed(2) >= 299);
  expect(lost).toEqual(["r7"]);
  // The key that one server had lost was set again.
  expect(await countKeys(servers, "r")).toBe(3 * 299);
  for (const server of servers) {
    const stats = String(await server.call("INFO", "commandstats"));
    expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(300);
  }
  await Promise.all(leases.map((lease) => lease.release()));
});
