import { describe, expect, it } from "vitest";
import { search } from "./search.js";

describe("the simulator", () => {
  it("finds no violation within the assumptions", async () => {
    const { failed, leases, checkers, never } = await search(41, 260, "inBounds");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(1_560);
    // Every checker must have run.
    expect({ checkers, never }).toEqual({ checkers: 15, never: [] });
  }, 600_000);

  it("finds only overlaps beyond the assumptions", async () => {
    // `npm test` plays the seeds before.
    const { failed, overlaps } = await search(21, 80, "beyond");
    expect(failed).toEqual([]);
    expect(overlaps).toBeGreaterThan(0);
  }, 300_000);

  it("finds no violation while the nodes are being changed", async () => {
    const { failed, leases } = await search(21, 60, "membership");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(500);
  }, 300_000);

  it("finds no violation among exclusive and shared leases, permits and leaderships", async () => {
    const { failed, leases, checkers, never } = await search(11, 85, "kinds");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(1_600);
    expect({ checkers, never }).toEqual({ checkers: 18, never: [] });
  }, 600_000);

  it("finds no violation while the nodes of one of two groups are being changed", async () => {
    const { failed, leases, checkers, never } = await search(11, 40, "groups");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(300);
    expect({ checkers, never }).toEqual({ checkers: 9, never: [] });
  }, 300_000);
});
