import { expect, it } from "vitest";
import { heapInUse } from "../load/heap.js";
import { waitUntil } from "../support/servers.js";
import { clients, countKeys, locksOf, ownServers } from "./support.js";

it("thousands of acquisitions and releases on three nodes, one of which hangs, need bounded memory and leave no key", {
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
  // The stopped node has about 10,000 unanswered commands at most.
  expect(heapInUse() - before).toBeLessThan(60e6);
  hung?.resume();
  await waitUntil("no key is left", 20_000, async () => (await countKeys(servers, "load:")) === 0);
  // The node votes again: without its vote there is no quorum.
  await servers[2]?.kill();
  await waitUntil("it votes again", 5_000, async () => (await locks.using("last", () => "done")) === "done");
  expect(await countKeys(servers.slice(0, 2), "load:")).toBe(0);
});
