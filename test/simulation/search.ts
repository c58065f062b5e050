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
  let leases = 0;
  let overlaps = 0;
  let together = 0;
  const checks = new Map<string, number>();
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await play(change(generate(seed, faults, 25)));
    leases += outcome.counts.acquired ?? 0;
    overlaps += outcome.overlaps;
    together += outcome.counts["renewed together"] ?? 0;
    for (const [what, count] of Object.entries(outcome.counts)) {
      if (what.startsWith("looks: ")) checks.set(what, (checks.get(what) ?? 0) + count);
    }
    if (outcome.violations.length > 0) failed.push({ seed, violations: outcome.violations });
  }
  const never = [...checks].filter(([, count]) => count === 0).map(([what]) => what);
  return { failed, leases, overlaps, together, checkers: checks.size, never };
}
