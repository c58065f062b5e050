import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import { breadth } from "../support/breadth.js";

/**
 * The hashes of these seeds, equal on every machine. They change when the library sends other requests, or at other times,
 * or when the simulator changes the meaning of a seed. In that case, update the hashes, and explain why in the commit.
 */
const hashes = {
  inBounds: { 1: "0872fa0dd408a9b4", 2: "3af9bb333efb0e02", 3: "215b64f1e3ec099c", 4: "e15618195415c8d3" },
  beyond: { 1: "b109e70cc1a59c5c", 2: "4ad64d1956600a55", 3: "03f3991a67b83ed1", 4: "5b0efe95f41ec094" },
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
