import type { FaultMix } from "./generate.js";
import type { Step } from "./script.js";

/** ms that a node needs, at the most, to be seen by somebody and to be asked how long it must abstain. */
const notice = 3_000;

/**
 * Nodes that lose their memory: a minority of them at a time. The next ones do so only when the earlier ones have had the
 * time to abstain, and vote again.
 */
export function lossesOf({ random, nodes, end, ttl }: FaultMix): Step[] {
  const minority = Math.floor((nodes - 1) / 2);
  if (minority === 0 || random.flip(0.5)) return [];
  const steps: Step[] = [];
  /** As many nodes as are a minority cannot be reached. */
  const absent = (at: number, from: number, time: number): Step[] =>
    Array.from({ length: minority }, (_, one) => ({
      at: Math.max(0, at),
      fault: { kind: "crash", node: (from + one) % nodes, for: Math.min(time + 200, 3_000), memory: "same" },
    }));
  // Where a long lease makes them abstain for longer, later ones are let off.
  const period = 5 * ttl + notice;
  for (let start = random.between(0, period); start < end; start += period) {
    const first = random.below(nodes);
    // Those who remember are gone just when those are asked who forgot, and those who never knew.
    const turned = random.flip(0.5);
    if (turned) steps.push(...absent(start - ttl, first + minority, ttl));
    if (turned) steps.push(...absent(start + ttl * random.between(0, 3), first + 2 * minority, 2 * ttl));
    for (let one = 0; one < minority; one++) {
      const node = (first + one) % nodes;
      const at = start + random.between(0, ttl / 2);
      const downtime = random.between(0, random.flip(0.5) ? 20 : ttl);
      const how = random.below(4);
      if (how === 0) steps.push({ at, fault: { kind: "flush", node } });
      else if (how === 3) steps.push({ at, fault: { kind: "replicate", node, for: downtime } });
      else
        steps.push({ at, fault: { kind: "crash", node, for: downtime, memory: how === 1 ? "lost" : "old" } });
    }
  }
  return steps;
}
