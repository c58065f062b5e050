import { afterEach, expect, it, vi } from "vitest";
import { TestNodes } from "../manager/test-nodes.js";

afterEach(() => vi.restoreAllMocks());

it("rule 1: the new set gives no fence below one that the old set gave after both, from a clock that was ahead", async () => {
  const testNodes = new TestNodes(3, "fences");
  const { nodes, clock } = testNodes;
  const [first] = nodes;
  if (first === undefined) throw new Error("there is no node");
  const fenced = { wait: 0, renew: false, fence: true } as const;
  const take = async (locks: ReturnType<typeof testNodes.locks>) => {
    const lease = await testNodes.run(locks.acquire("a", fenced));
    await testNodes.run(lease.release());
    return lease.fence;
  };
  // This leaves a record of the resource on the new nodes.
  await take(testNodes.locks({ nodes, previous: [first] }));
  const now = clock.wall.bind(clock);
  vi.spyOn(clock, "wall").mockImplementation(() => now() + 3_600_000);
  const ahead = await take(testNodes.locks({ nodes: [first] }));
  vi.restoreAllMocks();
  // The processes with both sets pass the highest fence on.
  await clock.advance(6_000);
  testNodes.node(0).crash();
  expect(await take(testNodes.locks({ nodes }))).toBeGreaterThan(ahead);
});
