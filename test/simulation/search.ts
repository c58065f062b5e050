import type { FaultClass } from "../../src/testing/simulator/fault-class.js";
import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";
import type { Script } from "../../src/testing/simulator/script.js";

/** Plays `count` seeds, starting with `from`, and adds up their results. `change` changes the script of each seed. */
export async function search(
  from: number,
  count: number,
  faults: FaultClass,
  change = (script: Script): Script => script,
) {
  const failed: object[] = [];
  let overlaps = 0;
  const counts: Record<string, number> = {};
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await play(change(generate(seed, faults, 25)));
    overlaps += outcome.overlaps;
    for (const [what, count] of Object.entries(outcome.counts)) counts[what] = (counts[what] ?? 0) + count;
    if (outcome.violations.length > 0) failed.push({ seed, violations: outcome.violations });
  }
  const checks = Object.entries(counts).filter(([what]) => what.startsWith("looks: "));
  const never = checks.filter(([, count]) => count === 0).map(([what]) => what);
  const { acquired: leases = 0, "renewed together": together = 0 } = counts;
  return { failed, leases, overlaps, together, counts, checkers: checks.length, never };
}
