import { expect, it } from "vitest";
import { memoryNode } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { SkewedClock } from "./skewed-clock.js";

const ttl = 1_000;

it("a node that forgot a fence takes over what a majority remembers, before it accepts another", async () => {
  const testNodes = new TestNodes(3);
  const [first, second] = [testNodes.node(0), testNodes.node(1)];
  // The third is there, but not for everybody.
  const unreachable = memoryNode("node-2", { clock: testNodes.clock });
  unreachable.crash();
  const ahead = testNodes.locks({
    nodes: [first, second, unreachable],
    clock: new SkewedClock(testNodes.clock, 7_200_000),
    ttl,
  });
  const others = testNodes.locks({ owner: "others", ttl, nodeTimeout: 100 });
  await testNodes.run(others.using("b", () => {}));
  const lease = await testNodes.run(ahead.acquire("a", { fence: true }));
  await testNodes.run(lease.release());
  second.restart();
  first.hang();
  const acquire = (locks = others) => testNodes.run(locks.acquire("a", { fence: true, wait: 5 * ttl }));
  // The third never knew, the second knows no more, and cannot ask.
  await expect(acquire()).rejects.toMatchObject({ cause: { code: "QUORUM_UNAVAILABLE" } });
  first.wake();
  await testNodes.clock.advance(4 * ttl);
  await testNodes.run(others.using("b", () => {}));
  first.hang();
  // By a process that has heard of no fence yet.
  const next = await acquire(testNodes.locks({ owner: "later", ttl, nodeTimeout: 100 }));
  expect(next.fence).toBeGreaterThan(lease.fence);
});
