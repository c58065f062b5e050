import { describe, expect, it } from "vitest";
import { search } from "./search.js";

describe("the simulator", () => {
  it("finds no violation within the assumptions", async () => {
    const { failed, leases, checkers, never } = await search(61, 240, "inBounds");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(1_560);
    // Every checker must have run.
    expect({ checkers, never }).toEqual({ checkers: 15, never: [] });
  }, 600_000);

  it("finds only overlaps beyond the assumptions", async () => {
    const first = await search(1, 20, "beyond");
    expect(first.failed).toEqual([]);
    // `npm test` plays the seeds between.
    const { failed, overlaps } = await search(41, 60, "beyond");
    expect(failed).toEqual([]);
    expect(overlaps).toBeGreaterThan(0);
  }, 300_000);
});
