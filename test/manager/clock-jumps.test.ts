import { describe, expect, it } from "vitest";
import type { Lease } from "../../src/index.js";
import { TestNodes } from "./test-nodes.js";

/** ms between two looks at the clocks. */
const look = 250;

/** How long after the deadline, by the wall clock, the loss was told. */
async function overdueAfter(
  testNodes: TestNodes,
  lease: { validUntil: number; signal: AbortSignal },
): Promise<number> {
  for (let spent = 0; !lease.signal.aborted && spent < 5_000; spent += 5) await testNodes.clock.advance(5);
  return testNodes.clock.wall() - lease.validUntil;
}

describe("a wall clock that moves on without the monotonic one", () => {
  it.each([5, 300, 900])("ends a lease in time, by however little: %i ms", async (jump) => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 2_000, renew: false });
    const lease = await testNodes.run(locks.acquire("a"));
    await testNodes.clock.advance(1_000);
    testNodes.clock.stepWall(jump);
    // The look that finds the jump sets the alarm anew.
    const overdue = await overdueAfter(testNodes, lease);
    expect(overdue).toBeLessThanOrEqual(Math.min(jump, look) + 5);
  });

  it("is found also by locks that took over from the last one in the same turn", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 2_000, renew: false });
    const first = await testNodes.run(locks.acquire("a"));
    // The registry is empty for a moment, and is not by the end of the turn.
    const next = new Promise<Lease>((resolve) => locks.once("released", () => resolve(locks.acquire("b"))));
    void first.release();
    const held = await testNodes.run(next);
    await testNodes.clock.advance(500);
    testNodes.clock.stepWall(1_000);
    expect(await overdueAfter(testNodes, held)).toBeLessThanOrEqual(look + 5);
  });
});
