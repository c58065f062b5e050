import { describe, expect, it } from "vitest";
import { generate, play } from "../../src/testing.js";

/**
 * What these seeds stand for, on every machine. They change with whatever changes what the library asks of nodes and
 * when, or what the simulator makes of a seed: then print them anew, and say in the commit why.
 */
const hashes = {
  inBounds: { 1: "7e901a16c562a04a", 2: "51e4c112e614c6ae", 3: "9df3175f117d9500", 4: "d4c0122a18fa5bc0" },
  beyond: { 1: "58bfaabe7c051bc0", 2: "1e04331c52e4a2c7", 3: "d7a4de646128b498", 4: "37ae364f3d7b808f" },
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
