import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setsKey } from "../../src/engine/protocol/side-keys.js";
import { locksOf, ownServers, strayErrors } from "../locks/support.js";
import { giveMemory } from "../support/memory.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

const user = { name: "app", password: "secret" };
const reset = ["reset", "on", `>${user.password}`, "&*"];
const withoutCommands = ["+@all", "-hget", "-hset", "-hdel", "-hgetall", "~*"];
const withoutKey = ["+@all", "~lock:*", "~holdfast:memory*", "~holdfast:watermark", "~holdfast:queue:*"];

let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
  await giveMemory(server.port);
});
afterAll(() => server.stop());

const permissions = [
  ["without the commands for the record of sets", withoutCommands],
  ["without the key of the record of sets", withoutKey],
] as const;

describe.each(everyClient(() => server.port, user))("locks of a user over %s", (_, open) => {
  test.each(permissions)("%s work all the same", async (_, rules) => {
    const strays = strayErrors();
    await server.call("ACL", "SETUSER", user.name, ...reset, ...rules);
    await withNode(open, async (node) => {
      await expect(node.recordSets?.("* ", "", 0)).rejects.toThrow(/NOPERM|can't|permission/i);
      const locks = locksOf([node], { ttl: 2_000, otherSets: "refuse" });
      const lease = await locks.acquire("lock:a", { renew: false });
      await lease.renew();
      expect(lease.remaining()).toBeGreaterThan(0);
      expect(await locks.tryAcquire("lock:a")).toBeNull();
      expect(await lease.release()).toBe("released");
      await locks.close();
    });
    expect(await server.call("EXISTS", setsKey)).toBe(0);
    expect(strays).toEqual([]);
  });
});

test.each(permissions)("both sets agree during a change of the nodes by a user %s", async (_, rules) => {
  const strays = strayErrors();
  const servers = await ownServers(3);
  for (const one of servers) await one.call("ACL", "SETUSER", user.name, ...reset, ...rules);
  const [one, ...others] = servers.map(({ url }) => url.replace("//", `//${user.name}:${user.password}@`));
  const nodes = [one as string, ...others];
  const [old, joint, next] = [
    locksOf([one as string], { retry: { count: 0 } }),
    locksOf(nodes, { previous: [one as string], retry: { count: 0 } }),
    locksOf(nodes, { retry: { count: 0 } }),
  ];
  const lease = await joint.acquire("lock:a");
  expect(await old.tryAcquire("lock:a")).toBeNull();
  expect(await next.tryAcquire("lock:a")).toBeNull();
  expect(await lease.release()).toBe("released");
  expect(strays).toEqual([]);
});
