import { expect, it } from "vitest";
import { memoryNode } from "../../src/index.js";
import { World } from "../manager/world.js";
import { SkewedClock } from "./skewed-clock.js";

const ttl = 1_000;

it("a node that forgot a fence takes over what a majority remembers, before it accepts another", async () => {
  const world = new World(3);
  const [first, second] = [world.node(0), world.node(1)];
  // The third is there, but not for everybody.
  const unreachable = memoryNode("node-2", { clock: world.clock });
  unreachable.crash();
  const ahead = world.locks({
    nodes: [first, second, unreachable],
    clock: new SkewedClock(world.clock, 7_200_000),
    ttl,
  });
  const others = world.locks({ owner: "others", ttl, nodeTimeout: 100 });
  await world.run(others.using("b", () => {}));
  const lease = await world.run(ahead.acquire("a", { fence: true }));
  await world.run(lease.release());
  second.restart();
  first.hang();
  const acquire = (locks = others) => world.run(locks.acquire("a", { fence: true, wait: 5 * ttl }));
  // The third never knew, the second knows no more, and cannot ask.
  await expect(acquire()).rejects.toMatchObject({ cause: { code: "QUORUM_UNAVAILABLE" } });
  first.wake();
  await world.clock.advance(4 * ttl);
  await world.run(others.using("b", () => {}));
  first.hang();
  // By a process that has heard of no fence yet.
  const next = await acquire(world.locks({ owner: "later", ttl, nodeTimeout: 100 }));
  expect(next.fence).toBeGreaterThan(lease.fence);
});
