import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import { breadth } from "../support/breadth.js";

/**
 * The hashes of these seeds, equal on every machine. They change when the library sends other requests, or at other times,
 * or when the simulator changes the meaning of a seed. In that case, update the hashes, and explain why in the commit.
 */
const hashes = {
  inBounds: { 1: "ee481245e755c65b", 2: "af2f8dd92f0259c4", 3: "f861eecd688f79af", 4: "b04d55533532028c" },
  beyond: { 1: "7f8ef68765ac6871", 2: "49f693201493e856", 3: "80e7025db8472a72", 4: "f42a0250f71400cc" },
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
