import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Locks } from "../../src/api/types.js";
import { TestNodes } from "../manager/test-nodes.js";

const ttl = 60_000;
const options = { ttl, nodeTimeout: 100 } as const;

beforeEach(() => void vi.spyOn(process, "emitWarning").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

async function acquireAndRelease(testNodes: TestNodes, locks: Locks): Promise<void> {
  await testNodes.run((await testNodes.run(locks.acquire("a"))).release());
}

const nodeHealth = async (testNodes: TestNodes, locks: Locks) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("an abstention that somebody ended", () => {
  it.each([
    ["auto" as const, "auto" as const],
    ["a number", ttl],
  ])("is noticed within 12.5 s by a process whose rule is %s", async (_, quarantine) => {
    const testNodes = new TestNodes(3, "ended");
    // The whole set is new: with a number it abstains at first.
    const first = testNodes.locks({ ...options, quarantine: 0 });
    await acquireAndRelease(testNodes, first);
    const locks = testNodes.locks({ ...options, quarantine });
    await acquireAndRelease(testNodes, locks);
    testNodes.node(0).flush();
    await acquireAndRelease(testNodes, locks);
    await testNodes.clock.advance(5_000);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
    await acquireAndRelease(testNodes, testNodes.locks({ ...options, quarantine: 0 }));
    for (let step = 0; step < 125; step++) await testNodes.clock.advance(100);
    expect(await nodeHealth(testNodes, locks)).toEqual(["ready", "ready", "ready"]);
  });
});
