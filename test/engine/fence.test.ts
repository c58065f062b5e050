import { describe, expect, it } from "vitest";
import { FenceSource } from "../../src/engine/protocol/fence.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";

const random = { secret: () => "", fraction: () => 0.999 };
const last = Number.MAX_SAFE_INTEGER;

describe("the proposals for fences", () => {
  it("are above the highest number that a node has accepted, and keep up with its clock", async () => {
    const clock = new VirtualClock();
    const fences = new FenceSource(clock, random);
    const ahead = (clock.wall() + 3_600_000) * 1_000;
    fences.follow(ahead);
    await clock.advance(50);
    const proposed = fences.propose();
    expect(proposed).toBeGreaterThanOrEqual(ahead + 50_000);
    expect(proposed).toBeLessThan(ahead + 51_000);
  });

  it("count one by one up to the last safe integer, however much time passes", async () => {
    const clock = new VirtualClock();
    const fences = new FenceSource(clock, random);
    fences.follow(last - 2);
    await clock.advance(10);
    expect([fences.propose(), fences.propose()]).toEqual([last - 1, last]);
  });
});
