import { describe, expect, it } from "vitest";
import { TestNodes } from "./test-nodes.js";

describe("a lock with several waiters in one process", () => {
  it.each([0, 1, 3])("is passed on at once, oldest first, when it is released after %i ms", async (held) => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const lease = await locks.acquire("a");
    const served: number[] = [];
    const waiting = Array.from({ length: 20 }, async (_, index) => {
      const next = await locks.acquire("a");
      served.push(index);
      if (held > 0) await new Promise<void>((resolve) => testNodes.clock.after(held, resolve));
      await next.release();
    });
    await testNodes.clock.advance(50);
    await lease.release();
    // Each lease takes about 1 ms to ask again. A poll would come only after hundreds of ms.
    await testNodes.clock.advance(20 * (held + 2));
    expect(served).toEqual(Array.from({ length: 20 }, (_, index) => index));
    await Promise.all(waiting);
    await locks.close();
  });
});
