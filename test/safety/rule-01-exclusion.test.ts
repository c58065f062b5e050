import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryNode } from "../../src/clients/memory.js";
import { createLocks, type Lease } from "../../src/index.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";
import { groupingOption } from "../support/grouping.js";
import { unluckyMinority } from "../support/unlucky-minority.js";

async function contend(seed: number, size: number): Promise<number> {
  const clock = new VirtualClock();
  const chance = seeded(seed);
  const nodes = Array.from({ length: size }, () => memoryNode(undefined, { clock }));
  const held = new Set<Lease>();
  let acquired = 0;
  let fence = 0;
  const contenders = Array.from({ length: 3 }, async (_, index) => {
    const delay = () => chance() ** 3 * 80;
    const losesReply = () => chance() < 0.1;
    const ours = nodes.map((node) => far(node, clock, { delay, losesReply }));
    const random = {
      secret: () => `${index}${String(chance()).slice(2)}`.padEnd(22, "0").slice(0, 22),
      fraction: chance,
    };
    const locks = createLocks({
      ...groupingOption(),
      nodes: ours,
      clock,
      random,
      owner: `c${index}`,
      ttl: 400,
      nodeTimeout: 100,
    });
    for (let round = 0; round < 4; round++) {
      const lease = await locks
        .acquire("a", { wait: 20_000, fence: true, renew: chance() < 0.5 })
        .catch(() => null);
      if (lease === null) continue;
      acquired++;
      expect([...held].filter((other) => other.remaining() > 0)).toEqual([]);
      expect(lease.fence).toBeGreaterThan(fence);
      fence = lease.fence;
      held.add(lease);
      await new Promise<void>((resolve) => clock.after(chance() * 600, resolve));
      if (chance() < 0.8) await lease.release();
    }
  });
  await unluckyMinority(nodes, clock, chance);
  await Promise.all(contenders);
  return acquired;
}

describe("rule 1: exclusion", () => {
  it("holds while messages are slow and lost, and a minority hangs, dies and comes back; fences grow", async () => {
    let acquired = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), fc.constantFrom(1, 3, 4, 5), async (seed, size) => {
        acquired += await contend(seed, size);
      }),
      { numRuns: 40, seed: 20261121 },
    );
    expect(acquired).toBeGreaterThan(200);
  }, 60_000);
});
