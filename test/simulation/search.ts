import { generate } from "../../src/testing/simulator/generate.js";
import { play } from "../../src/testing/simulator/run.js";

/** Seeds from `from` on, and what they add up to. */
export async function search(from: number, count: number, faults: "inBounds" | "beyond") {
  const failed: object[] = [];
  let leases = 0;
  let overlaps = 0;
  const looks = new Map<string, number>();
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await play(generate(seed, faults, 25));
    leases += outcome.counts.acquired ?? 0;
    overlaps += outcome.overlaps;
    for (const [what, count] of Object.entries(outcome.counts)) {
      if (what.startsWith("looks: ")) looks.set(what, (looks.get(what) ?? 0) + count);
    }
    if (outcome.violations.length > 0) failed.push({ seed, violations: outcome.violations });
  }
  const never = [...looks].filter(([, count]) => count === 0).map(([what]) => what);
  return { failed, leases, overlaps, checkers: looks.size, never };
}
