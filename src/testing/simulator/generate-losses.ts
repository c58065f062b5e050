import type { FaultMix } from "./fault-mix.js";
import type { Step } from "./script.js";

/** Maximum time in ms until a client notices the memory loss of a node and decides how long the node abstains. */
const noticeMs = 3_000;

/**
 * Generates memory losses: of a minority of the nodes at a time. The next losses follow only after the earlier nodes have
 * had time to abstain and to vote again.
 */
export function lossesOf({ random, nodes, end, ttl }: FaultMix): Step[] {
  const minority = Math.floor((nodes - 1) / 2);
  if (minority === 0 || random.flip(0.5)) return [];
  const steps: Step[] = [];
  /** Makes a minority of the nodes unreachable. */
  const crashMinority = (at: number, from: number, time: number): Step[] =>
    Array.from({ length: minority }, (_, offset) => ({
      at: Math.max(0, at),
      fault: {
        kind: "crash",
        node: (from + offset) % nodes,
        for: Math.min(time + 200, 3_000),
        memory: "same",
      },
    }));
  // If a long lease makes nodes abstain for longer, the simulation skips later losses (`mayForget`).
  const period = 5 * ttl + noticeMs;
  for (let start = random.between(0, period); start < end; start += period) {
    const first = random.below(nodes);
    // The nodes that still remember are down while clients ask the nodes that lost their memory or never had it.
    const hidesMemory = random.flip(0.5);
    if (hidesMemory) steps.push(...crashMinority(start - ttl, first + minority, ttl));
    if (hidesMemory)
      steps.push(...crashMinority(start + ttl * random.between(0, 3), first + 2 * minority, 2 * ttl));
    for (let offset = 0; offset < minority; offset++) {
      const node = (first + offset) % nodes;
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
