import { describe, expect, it } from "vitest";
import { lockEvents } from "../../src/lock/events.js";
import { generate } from "../../src/testing/simulator/generate.js";
import { withMinimumHolds } from "../../src/testing/simulator/minimum-holds.js";
import { play } from "../../src/testing/simulator/run.js";
import { search } from "./search.js";

describe("the simulator", () => {
  it("finds no violation within the assumptions", async () => {
    const { failed, leases, together, checkers, never } = await search(1, 40, "inBounds");
    expect(failed).toEqual([]);
    expect(together).toBeGreaterThan(60);
    expect(leases).toBeGreaterThan(280);
    // Every checker must have run.
    expect({ checkers, never }).toEqual({ checkers: 15, never: [] });
  }, 600_000);

  it("finds no violation of minimum holds, whose checker has also run", async () => {
    const { failed, leases, checkers, never } = await search(1, 40, "inBounds", withMinimumHolds);
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(200);
    expect({ checkers, never }).toEqual({ checkers: 16, never: [] });
  }, 600_000);

  it("finds only overlaps beyond the assumptions", async () => {
    const { failed, overlaps } = await search(1, 20, "beyond");
    expect(failed).toEqual([]);
    expect(overlaps).toBeGreaterThan(0);
  }, 300_000);

  it("finds no violation while the nodes are being changed", async () => {
    const { failed, leases } = await search(1, 20, "membership");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(100);
  }, 300_000);

  it("finds no violation among exclusive and shared leases, permits and leaderships", async () => {
    const { failed, leases, together, counts } = await search(1, 10, "kinds");
    expect(failed).toEqual([]);
    // Everything that can happen to a lock must have happened, and an election.
    for (const what of [...lockEvents, "elected"]) expect(counts[what] ?? 0, what).toBeGreaterThan(0);
    expect(together).toBeGreaterThan(10);
    expect(leases).toBeGreaterThan(200);
  }, 300_000);

  it("finds no violation while the nodes of one of two groups are being changed", async () => {
    const { failed, leases } = await search(1, 10, "groups");
    expect(failed).toEqual([]);
    expect(leases).toBeGreaterThan(50);
  }, 300_000);

  it("judges what a closed program has left behind when the program has resumed after a stall", async () => {
    const script = generate(40_090, "kinds", 140);
    // A program that has closed its locks stalls before its last timers are due.
    const needed = [4435, 5571, 5747, 5916, 6300, 6377, 6714, 7111];
    const steps = script.steps.filter(({ at }) => needed.includes(Math.floor(at)));
    expect(steps).toHaveLength(needed.length);
    const { violations } = await play({ ...script, steps });
    expect(violations).toEqual([]);
  });
});
