import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PermitLease } from "../../src/index.js";
import { locksOf, strayErrors } from "../locks/support.js";
import { giveMemory } from "../support/memory.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

const user = { name: "app", password: "secret" };
const reset = ["reset", "on", `>${user.password}`, "&*", "~*", "+@all"];

let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
  await giveMemory(server.port);
});
afterAll(() => server.stop());

const permissions = [
  ["who may do everything", []],
  ["without MGET", ["-mget"]],
] as const;
/** Few permits are asked for at once, and of many a few first. */
const numbers = [3, 20];

describe.each(everyClient(() => server.port, user))("permits of a user over %s", (client, open) => {
  describe.each(permissions)("%s", (_, rules) => {
    test.each(numbers)("are all taken, of %i, but one whose key has another type", async (number) => {
      const strays = strayErrors();
      await server.call("ACL", "SETUSER", user.name, ...reset, ...rules);
      const name = `${client} ${rules.join("")} ${number}`;
      const foreign = `{${name}}:holdfast-permit:2`;
      await server.call("RPUSH", foreign, "of another program");
      await withNode(open, async (node) => {
        const locks = locksOf([node], { ttl: 10_000 });
        const semaphore = locks.semaphore(name, { permits: number });
        const leases: PermitLease[] = [];
        for (let lease = await semaphore.tryAcquire(); lease !== null; lease = await semaphore.tryAcquire())
          leases.push(lease);
        const permits = leases.flatMap((lease) => lease.permits).sort((a, b) => a - b);
        const all = Array.from({ length: number }, (__, index) => index + 1);
        expect(permits).toEqual(all.filter((permit) => permit !== 2));
        for (const lease of leases) expect(await lease.release()).toBe("released");
        await locks.close();
      });
      expect(await server.call("LRANGE", foreign, "0", "-1")).toEqual(["of another program"]);
      expect(strays).toEqual([]);
    });
  });
});
