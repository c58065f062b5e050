import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import { breadth } from "../support/breadth.js";
import { groupingOption } from "../support/grouping.js";

/** The first seed. The simulator's own suite does not use these seeds. */
const first = 2_000;

describe("rule 1: exclusion", () => {
  it("holds with slow and lost messages, skewed clocks, and a minority that hangs, crashes, loses its memory and restarts", async () => {
    let acquired = 0;
    for (let seed = first; seed < first + breadth(20, 30); seed++) {
      const script = generate(seed, "inBounds", 40);
      const hosts = script.hosts.map((host) => ({ ...host, ...groupingOption() }));
      const { violations, counts } = await play({ ...script, hosts });
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      acquired += counts.acquired ?? 0;
    }
    expect(acquired).toBeGreaterThan(breadth(200, 300));
  }, 120_000);
});
