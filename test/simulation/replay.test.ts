import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";

/**
 * What these seeds stand for, on every machine. They change with whatever changes what the library asks of nodes and
 * when, or what the simulator makes of a seed: then print them anew, and say in the commit why.
 */
const hashes = {
  inBounds: { 1: "5032becdc0df15b5", 2: "2b1d0d5132709024", 3: "6b4c52a227251250", 4: "a4e0c85e19e70485" },
  beyond: { 1: "4262523eb958548c", 2: "30ca391e554e7761", 3: "6fe07f1ca1240c17", 4: "b79600980e0abd84" },
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
