import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";

/** Seeds from `from` on, and what they add up to. */
async function search(from: number, count: number, faults: "inBounds" | "beyond") {
  const failed: object[] = [];
  let leases = 0;
  let overlaps = 0;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await play(generate(seed, faults, 25));
    leases += outcome.counts.acquired ?? 0;
    overlaps += outcome.overlaps;
    if (outcome.violations.length > 0) failed.push({ seed, violations: outcome.violations });
  }
  return { failed, leases, overlaps };
}

describe("the simulator", () => {
  it("finds nothing within the assumptions", async () => {
    const { failed, leases } = await search(1, 400, "inBounds");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(2_000);
  }, 180_000);

  it("finds nothing but overlaps beyond them", async () => {
    const { failed, overlaps } = await search(1, 100, "beyond");
    expect(failed).toEqual([]);
    expect(overlaps).toBeGreaterThan(0);
  }, 90_000);
});
