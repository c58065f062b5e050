import type { NodeCheck } from "../facts.js";
import { error, ok, warning } from "../finding.js";
import { ms } from "../words.js";

export const checkLatency: NodeCheck = ({ pings, complete }, { nodeTimeout }) => {
  const sorted = [...pings].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const longest = sorted.at(-1);
  if (!complete || median === undefined || longest === undefined) {
    return [
      error({
        code: "latency",
        found: "it fell silent before all was asked",
        value: { answered: pings.length },
        means: "Votes of a node that hangs fail, each after the node timeout. What follows is incomplete.",
        advice: "look at the server's load and at the network; or give more time with --timeout",
      }),
    ];
  }
  const value = { median: rounded(median), longest: rounded(longest), pings: pings.length };
  const found = `answers within ${ms(median)}, ${ms(longest)} at most`;
  if (median >= nodeTimeout) {
    return [
      error({
        code: "latency",
        found,
        value,
        means: `Most of its votes come later than the node timeout of ${ms(nodeTimeout)}, and fail.`,
        advice: "use a node that is nearer, or a longer nodeTimeout and ttl",
      }),
    ];
  }
  if (longest < nodeTimeout / 2) return [ok("latency", found, value)];
  return [
    warning({
      code: "latency",
      found,
      value,
      means: `That is near the node timeout of ${ms(nodeTimeout)}, after which a vote fails.`,
      advice: "look at the server's load and at the network, or use a longer nodeTimeout and ttl",
    }),
  ];
};

const rounded = (value: number) => Number(value.toFixed(2));
