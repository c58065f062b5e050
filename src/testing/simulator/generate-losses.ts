import type { Climate } from "./generate.js";
import type { Step } from "./script.js";

/** ms that a node needs, at the most, to be seen by somebody and to be asked how long it must abstain. */
const notice = 3_000;

/**
 * Nodes that lose their memory: a minority of them at a time. The next ones do so only when the earlier ones have had the
 * time to abstain, and vote again.
 */
export function lossesOf({ chance, nodes, end, ttl, hasLong }: Climate): Step[] {
  const minority = Math.floor((nodes - 1) / 2);
  if (minority === 0 || chance.flip(0.5)) return [];
  const steps: Step[] = [];
  // After a long lease the abstention outlasts the run.
  const period = hasLong ? end : 5 * ttl + notice;
  for (let start = chance.between(0, period); start < end; start += period) {
    const first = chance.below(nodes);
    for (let one = 0; one < minority; one++) {
      const node = (first + one) % nodes;
      const at = start + chance.between(0, ttl / 2);
      const downtime = chance.between(0, chance.flip(0.5) ? 20 : ttl);
      const how = chance.below(3);
      if (how === 0) steps.push({ at, fault: { kind: "flush", node } });
      else
        steps.push({ at, fault: { kind: "crash", node, for: downtime, memory: how === 1 ? "lost" : "old" } });
    }
  }
  return steps;
}
