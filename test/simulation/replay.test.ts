import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import { breadth } from "../support/breadth.js";

/**
 * The hashes of these seeds, equal on every machine. They change when the library sends other requests, or at other times,
 * or when the simulator changes the meaning of a seed. In that case, update the hashes, and explain why in the commit.
 */
const hashes = {
  inBounds: { 1: "3b4c80e4d41c7a83", 2: "c270d1149e952ecb", 3: "0920a8b5c8a72f5d", 4: "2ee3ea2ddc7f3831" },
  beyond: { 1: "5570a3ee3280185b", 2: "a87fa5d49f3e41ad", 3: "0bd11fcfa033e698", 4: "d3fb25e47f1dc902" },
} as const;

describe("a seed", () => {
  it.each(["inBounds", "beyond"] as const)(
    "results in the same run on every machine (%s)",
    async (faults) => {
      for (const [seed, hash] of Object.entries(hashes[faults]).slice(0, breadth(2, 4))) {
        const run = await play(generate(Number(seed), faults, 60));
        expect({ seed, hash: run.hash }).toEqual({ seed, hash });
      }
    },
    240_000,
  );

  it("results in the same run whether or not the trace is kept, and whatever else runs", async () => {
    const script = generate(7, "inBounds", 25);
    const [alone, first, second] = [
      await play(script),
      ...(await Promise.all([play(script, { trace: true }), play(script)])),
    ];
    expect([first.hash, second.hash]).toEqual([alone.hash, alone.hash]);
    expect(first.trace.length).toBeGreaterThan(100);
  }, 240_000);
});
