import { expect, it } from "vitest";
import { heapInUse } from "../load/heap.js";
import { waitUntil } from "../support/servers.js";
import { clients, countKeys, locksOf, ownServers } from "./support.js";

it("thousands of pairs over three nodes, one of which stands still, cost bounded memory and leave no key", {
  timeout: 60_000,
}, async () => {
  const servers = await ownServers(3);
  const locks = locksOf(
    servers.map(({ port }) => clients.ioredis(port)),
    { prefix: "load:", ttl: 60_000, nodeTimeout: 200 },
  );
  const pairs = (round: number) =>
    Promise.all(Array.from({ length: 100 }, (_, index) => locks.using(`${round}:${index}`, () => 1)));
  for (let round = 0; round < 20; round++) await pairs(round);
  const [hung] = servers;
  const before = heapInUse();
  await hung?.suspend();
  let done = 0;
  for (let round = 0; round < 80; round++) done += (await pairs(round)).length;
  expect(done).toBe(8_000);
  // What the stopped node has not answered: some 10,000 commands at the most.
  expect(heapInUse() - before).toBeLessThan(60e6);
  hung?.resume();
  await waitUntil("no key is left", 20_000, async () => (await countKeys(servers, "load:")) === 0);
  // It votes again: without it there is no quorum.
  await servers[2]?.kill();
  await waitUntil("it votes again", 5_000, async () => (await locks.using("last", () => "done")) === "done");
  expect(await countKeys(servers.slice(0, 2), "load:")).toBe(0);
});
