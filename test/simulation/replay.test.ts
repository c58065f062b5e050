import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import { breadth } from "../support/breadth.js";

/**
 * The hashes of these seeds, equal on every machine. They change when the library sends other requests, or at other times,
 * or when the simulator changes the meaning of a seed. In that case, update the hashes, and explain why in the commit.
 */
const hashes = {
  inBounds: { 1: "62cbfd407a816aa0", 2: "b58fd24988760b57", 3: "8c3782e6da8da17f", 4: "953b59cc51450757" },
  beyond: { 1: "ca4474d748338a84", 2: "0fbd629cb06ba68a", 3: "8f5d966c14bb1eba", 4: "4db4ce7ebe6a4b40" },
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
