import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";

/**
 * The hashes of these seeds, equal on every machine. They change when the library sends other requests, or at other times,
 * or when the simulator changes the meaning of a seed. In that case, update the hashes, and explain why in the commit.
 */
const hashes = {
  inBounds: { 1: "5032becdc0df15b5", 2: "2b1d0d5132709024", 3: "72ac5ea4963ec3ed", 4: "7923388643e59932" },
  beyond: { 1: "4262523eb958548c", 2: "30ca391e554e7761", 3: "6fe07f1ca1240c17", 4: "ffbe2224a6558070" },
} as const;

describe("a seed", () => {
  it.each(["inBounds", "beyond"] as const)(
    "results in the same run on every machine (%s)",
    async (faults) => {
      const found = new Map<string, string>();
      for (const seed of Object.keys(hashes[faults])) {
        found.set(seed, (await play(generate(Number(seed), faults, 60))).hash);
      }
      expect(Object.fromEntries(found)).toEqual(hashes[faults]);
    },
    240_000,
  );

  it("results in the same run whether or not the trace is kept, and whatever else runs", async () => {
    const script = generate(7, "inBounds", 60);
    const [alone, first, second] = [
      await play(script),
      ...(await Promise.all([play(script, { trace: true }), play(script)])),
    ];
    expect([first.hash, second.hash]).toEqual([alone.hash, alone.hash]);
    expect(first.trace.length).toBeGreaterThan(100);
  }, 240_000);
});
