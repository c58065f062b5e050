import { describe, expect, it } from "vitest";
import type { Lease } from "../../src/index.js";
import { TestNodes } from "./test-nodes.js";

/** ms between two checks of the clocks. */
const checkInterval = 250;

/** Returns how many ms after the deadline, by the wall clock, the loss was reported. */
async function overdueAfter(
  testNodes: TestNodes,
  lease: { validUntil: number; signal: AbortSignal },
): Promise<number> {
  for (let spent = 0; !lease.signal.aborted && spent < 5_000; spent += 5) await testNodes.clock.advance(5);
  return testNodes.clock.wall() - lease.validUntil;
}

describe("a wall clock that jumps ahead of the monotonic clock", () => {
  it.each([5, 300, 900])("ends a lease in time, even after a small jump: %i ms", async (jump) => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 2_000, renew: false });
    const lease = await testNodes.run(locks.acquire("a"));
    await testNodes.clock.advance(1_000);
    testNodes.clock.stepWall(jump);
    // The check that detects the jump reschedules the timer.
    const overdue = await overdueAfter(testNodes, lease);
    expect(overdue).toBeLessThanOrEqual(Math.min(jump, checkInterval) + 5);
  });

  it("is also detected for a lock that is acquired in the tick in which the last lease ends", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 2_000, renew: false });
    const first = await testNodes.run(locks.acquire("a"));
    // The registry is empty for a moment, but not at the end of the tick.
    const next = new Promise<Lease>((resolve) => locks.once("released", () => resolve(locks.acquire("b"))));
    void first.release();
    const held = await testNodes.run(next);
    await testNodes.clock.advance(500);
    testNodes.clock.stepWall(1_000);
    expect(await overdueAfter(testNodes, held)).toBeLessThanOrEqual(checkInterval + 5);
  });
});
