import { describe, expect, it } from "vitest";
import { generate, play } from "../../src/testing.js";

describe("the simulator", () => {
  it("finds nothing within the assumptions", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { violations } = await play(generate(seed, "inBounds", 60));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  }, 60_000);

  it("plays the same run for the same seed", async () => {
    const script = generate(7, "inBounds", 60);
    const [first, second] = [await play(script), await play(script, true)];
    expect(second.hash).toBe(first.hash);
    expect(second.trace.length).toBeGreaterThan(100);
  });
});
