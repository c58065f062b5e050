import { expect, it } from "vitest";
import { memoryNode } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { SkewedClock } from "./skewed-clock.js";

const ttl = 1_000;

it("a node that lost a fence adopts the fences of a majority before it accepts another fence", async () => {
  const testNodes = new TestNodes(3);
  const [first, second] = [testNodes.node(0), testNodes.node(1)];
  // One process cannot reach the third node.
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
  // The third node never had the fence. The second node lost it and cannot ask the first node.
  await expect(acquire()).rejects.toMatchObject({ cause: { code: "QUORUM_UNAVAILABLE" } });
  first.wake();
  await testNodes.clock.advance(4 * ttl);
  await testNodes.run(others.using("b", () => {}));
  first.hang();
  // The next process has not seen any fence.
  const next = await acquire(testNodes.locks({ owner: "later", ttl, nodeTimeout: 100 }));
  expect(next.fence).toBeGreaterThan(lease.fence);
});
