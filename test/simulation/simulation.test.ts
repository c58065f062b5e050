import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";

/** Seeds from `from` on, and what they add up to. */
async function search(from: number, count: number, faults: "inBounds" | "beyond") {
  const failed: object[] = [];
  let leases = 0;
  let overlaps = 0;
  const looks = new Map<string, number>();
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await play(generate(seed, faults, 25));
    leases += outcome.counts.acquired ?? 0;
    overlaps += outcome.overlaps;
    for (const [what, count] of Object.entries(outcome.counts)) {
      if (what.startsWith("looks: ")) looks.set(what, (looks.get(what) ?? 0) + count);
    }
    if (outcome.violations.length > 0) failed.push({ seed, violations: outcome.violations });
  }
  const never = [...looks].filter(([, count]) => count === 0).map(([what]) => what);
  return { failed, leases, overlaps, checkers: looks.size, never };
}

describe("the simulator", () => {
  it("finds nothing within the assumptions", async () => {
    const { failed, leases, checkers, never } = await search(1, 300, "inBounds");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(2_000);
    // A checker that never looks finds nothing.
    expect({ checkers, never }).toEqual({ checkers: 15, never: [] });
  }, 600_000);

  it("finds nothing but overlaps beyond them", async () => {
    const { failed, overlaps } = await search(1, 100, "beyond");
    expect(failed).toEqual([]);
    expect(overlaps).toBeGreaterThan(0);
  }, 300_000);
});
