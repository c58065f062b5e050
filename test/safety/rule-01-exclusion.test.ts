import { describe, expect, it } from "vitest";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import { groupingOption } from "../support/grouping.js";

/** Seeds that the suite of the simulator does not play. */
const first = 2_000;

describe("rule 1: exclusion", () => {
  it("holds while messages are slow and lost, clocks differ, and a minority hangs, dies, forgets and comes back", async () => {
    let acquired = 0;
    for (let seed = first; seed < first + 30; seed++) {
      const script = generate(seed, "inBounds", 40);
      const hosts = script.hosts.map((host) => ({ ...host, ...groupingOption() }));
      const { violations, counts } = await play({ ...script, hosts });
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      acquired += counts.acquired ?? 0;
    }
    expect(acquired).toBeGreaterThan(300);
  }, 120_000);
});
