import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocks } from "../../src/index.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** Script calls since the last reading. */
async function scriptCalls(): Promise<{ evalsha: number; eval: number }> {
  const stats = String(await server.call("INFO", "commandstats"));
  await server.call("CONFIG", "RESETSTAT");
  const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { evalsha: calls("evalsha"), eval: calls("eval") };
}

describe.each(everyClient(() => server.port))("over %s", (_, open) => {
  test("all commands of one tick share a call; without grouping each has its own", async () => {
    await withNode(open, async (node) => {
      for (const grouping of [true, false]) {
        const locks = createLocks({
          nodes: [node],
          prefix: `${String(grouping)}:`,
          nodeTimeout: 2_000,
          grouping,
        });
        await locks.using("first", () => {});
        await scriptCalls();
        const leases = await Promise.all(
          Array.from({ length: 50 }, (_, index) => locks.acquire(`r${index}`)),
        );
        expect(await scriptCalls()).toEqual({ evalsha: grouping ? 1 : 50, eval: 0 });
        await Promise.all(leases.map((lease) => lease.renew()));
        expect(await scriptCalls()).toEqual({ evalsha: grouping ? 1 : 50, eval: 0 });
        // Releases and acquisitions of the same tick are sent together, in that order.
        const again = await Promise.all(
          leases.flatMap((lease, index) => [lease.release(), locks.tryAcquire(`r${index}`)]),
        );
        expect(again.filter((outcome) => outcome === "released").length).toBe(50);
        expect(again.filter((outcome) => outcome !== null && typeof outcome === "object").length).toBe(50);
        expect(await scriptCalls()).toEqual({ evalsha: grouping ? 1 : 100, eval: 0 });
        // Besides the locks, the server stores its marker, the watermark and the record of sets.
        expect(await server.call("DBSIZE")).toBe(50 + 3);
        await Promise.all(again.map((lease) => typeof lease === "object" && lease?.release()));
        expect(await server.call("DBSIZE")).toBe(3);
      }
    });
  });
});
