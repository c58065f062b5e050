import { describe, expect, it } from "vitest";
import { search } from "./search.js";

describe("the simulator", () => {
  it("finds nothing within the assumptions", async () => {
    const { failed, leases, checkers, never } = await search(1, 100, "inBounds");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(700);
    // A checker that never looks finds nothing.
    expect({ checkers, never }).toEqual({ checkers: 15, never: [] });
  }, 600_000);

  it("finds nothing but overlaps beyond them", async () => {
    const { failed, overlaps } = await search(1, 40, "beyond");
    expect(failed).toEqual([]);
    expect(overlaps).toBeGreaterThan(0);
  }, 300_000);
});
