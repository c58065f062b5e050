import { describe, expect, expectTypeOf, it } from "vitest";
import type { FencedLease, Lease } from "../../src/index.js";
import { ask } from "../engine/batches.js";
import { TestNodes } from "./test-nodes.js";

describe("fences", () => {
  it("grow from lease to lease, even with managers whose clocks are behind", async () => {
    const testNodes = new TestNodes(3);
    const ours = testNodes.locks();
    const first = await ours.acquire("a", { fence: true });
    await first.release();
    testNodes.clock.stepWall(-60_000);
    const others = testNodes.locks({ owner: "behind" });
    const second = await others.acquire("a", { fence: true });
    expect(second.fence).toBeGreaterThan(first.fence);
    await second.release();
    const third = await ours.acquire("a", { fence: true });
    expect(third.fence).toBeGreaterThan(second.fence);
  });

  describe("of a single node that lost its memory", () => {
    /** The fence before the loss and the fence of a process whose clock is a minute behind. */
    const aroundLoss = async (quarantine: "auto" | number): Promise<[before: number, after: number]> => {
      const testNodes = new TestNodes(1, `single-${quarantine}`);
      const options = { ttl: 10_000, quarantine, owner: "before" };
      const before = await testNodes.run(
        testNodes.locks(options).acquire("a", { fence: true, renew: false }),
      );
      testNodes.node(0).flush();
      testNodes.clock.stepWall(-60_000);
      const behind = testNodes.locks({ ...options, owner: "behind" });
      const after = await testNodes.run(behind.acquire("a", { fence: true, wait: 200_000 }), 100_000);
      return [before.fence, after.fence];
    };

    it("depend on the clocks of the processes", async () => {
      const [before, after] = await aroundLoss("auto");
      expect(after).toBeLessThan(before);
    });

    it("grow if the quarantine is longer than the difference of the clocks", async () => {
      const [before, after] = await aroundLoss(61_000);
      expect(after).toBeGreaterThan(before);
    });
  });

  it("grow above a fence that only a minority accepted", async () => {
    const testNodes = new TestNodes(3);
    const node = testNodes.node(0);
    const ahead = (testNodes.clock.wall() + 3_600_000) * 1_000;
    const command = { op: "acquire", keys: ["a"], token: "x", ttl: 1, fence: ahead } as const;
    await ask(node, { command, wanted: () => true });
    await testNodes.clock.advance(10);
    testNodes.node(2).crash();
    const lease = await testNodes.locks().acquire("a", { fence: true });
    expect(lease.fence).toBeGreaterThan(ahead);
  });

  it("grow when different minorities are down in turn", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    let last = 0;
    for (let round = 0; round < 9; round++) {
      testNodes.node(round % 3).crash();
      const lease = await testNodes.run(locks.acquire("a", { fence: true }));
      expect(lease.fence).toBeGreaterThan(last);
      last = lease.fence;
      await lease.release();
      testNodes.node(round % 3).reconnect();
      testNodes.clock.stepWall(-1_000);
    }
  });

  it("are above the watermark when the record of the resource has expired", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ ttl: 1_000 });
    const first = await locks.acquire("a", { fence: true });
    await first.release();
    await testNodes.clock.advance(86_400_001);
    testNodes.clock.stepWall(-2 * 86_400_000);
    const second = await testNodes.locks({ owner: "other" }).acquire("a", { fence: true });
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  it("are shared by the resources of one lease, and grow with an adoption", async () => {
    const testNodes = new TestNodes(3);
    const lease = await testNodes.locks().acquire(["a", "b"], { fence: true });
    const adopted = await testNodes.locks().adopt(lease.handover(), { fence: true });
    expect(adopted.fence).toBeGreaterThan(lease.fence);
  });

  it("exist, and have a type, only when they were requested", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const plain = await locks.acquire("a");
    expectTypeOf(plain).toEqualTypeOf<Lease>();
    expect("fence" in plain && plain.fence).toBe(undefined);
    expectTypeOf(locks.acquire("b", { fence: true })).resolves.toEqualTypeOf<FencedLease>();
    expectTypeOf(locks.handle("c", { fence: true }).acquire()).resolves.toEqualTypeOf<FencedLease>();
  });
});
