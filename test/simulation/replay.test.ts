import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import { breadth } from "../support/breadth.js";

/**
 * The hashes of these seeds, equal on every machine. They change when the library sends other requests, or at other times,
 * or when the simulator changes the meaning of a seed. In that case, update the hashes, and explain why in the commit.
 */
const hashes = {
  inBounds: { 1: "03a30d8572d5915e", 2: "1adf6c95c74ab93f", 3: "c4ef5a000f81b4d0", 4: "b7f84da6c31af7df" },
  beyond: { 1: "b885a2486215cf0b", 2: "b379f38895a036d1", 3: "6051104b2e0f4002", 4: "2d1631f6f56ecd74" },
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
