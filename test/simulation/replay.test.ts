import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";

/**
 * What these seeds stand for, on every machine. They change with whatever changes what the library asks of nodes and
 * when, or what the simulator makes of a seed: then print them anew, and say in the commit why.
 */
const hashes = {
  inBounds: { 1: "2b7bf737fb012b87", 2: "e4d34a342e52949f", 3: "f342c896b48e43cb", 4: "3f747461fce5ab1d" },
  beyond: { 1: "15d5971229c71a21", 2: "c21952f39073b3b6", 3: "78ec8be0cd324f63", 4: "d288b9d5e9b06b32" },
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
    60_000,
  );

  it("stands for the same run whether or not its lines are kept, and whatever else runs", async () => {
    const script = generate(7, "inBounds", 60);
    const [alone, first, second] = [
      await play(script),
      ...(await Promise.all([play(script, { trace: true }), play(script)])),
    ];
    expect([first.hash, second.hash]).toEqual([alone.hash, alone.hash]);
    expect(first.trace.length).toBeGreaterThan(100);
  }, 60_000);
});
