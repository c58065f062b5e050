import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";

/**
 * What these seeds stand for, on every machine. They change with whatever changes what the library asks of nodes and
 * when, or what the simulator makes of a seed: then print them anew, and say in the commit why.
 */
const hashes = {
  inBounds: { 1: "5032becdc0df15b5", 2: "2b1d0d5132709024", 3: "72ac5ea4963ec3ed", 4: "7923388643e59932" },
  beyond: { 1: "4262523eb958548c", 2: "30ca391e554e7761", 3: "6fe07f1ca1240c17", 4: "ffbe2224a6558070" },
} as const;

describe("a seed", () => {
  it.each(["inBounds", "beyond"] as const)(
    "stands for the same run everywhere (%s)",
    async (faults) => {
      const found = new Map<string, string>();
      for (const seed of Object.keys(hashes[faults])) {
        found.set(seed, (await play(generate(Number(seed), faults, 60))).hash);
      }
      expect(Object.fromEntries(found)).toEqual(hashes[faults]);
    },
    240_000,
  );

  it("stands for the same run whether or not its lines are kept, and whatever else runs", async () => {
    const script = generate(7, "inBounds", 60);
    const [alone, first, second] = [
      await play(script),
      ...(await Promise.all([play(script, { trace: true }), play(script)])),
    ];
    expect([first.hash, second.hash]).toEqual([alone.hash, alone.hash]);
    expect(first.trace.length).toBeGreaterThan(100);
  }, 240_000);
});
