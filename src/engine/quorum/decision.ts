import { quorumOf } from "../protocol/quorum.js";
import type { RetryReason } from "../time/retry.js";

/** Votes counted so far. */
export interface Tally {
  granted: number;
  denied: number;
  failed: number;
}

export type Verdict = "granted" | Exclude<RetryReason, "tooSlow">;

/** The verdict of one set of nodes, as soon as the missing votes cannot change it; null before. */
export type Rule = (tally: Tally, nodes: number) => Verdict | null;

export const newTally = (): Tally => ({ granted: 0, denied: 0, failed: 0 });

/**
 * The verdict of all sets of nodes, as soon as the missing votes cannot change it; null before. Granted only if each set has
 * granted. One set that does not grant decides against; "contended" takes precedence.
 */
export function verdictOf(
  rule: Rule,
  tallies: readonly Tally[],
  sets: readonly { readonly members: readonly number[] }[],
): Verdict | null {
  let verdict: Verdict | null = "granted";
  for (let set = 0; set < tallies.length; set++) {
    const one = rule(tallies[set] as Tally, sets[set]?.members.length ?? 0);
    if (one === "contended") return one;
    if (one === "noQuorum" || (one === null && verdict === "granted")) verdict = one;
  }
  return verdict;
}

/**
 * The verdict, as soon as the missing votes cannot change it; null before. "contended": more nodes denied than a quorum
 * can spare. An even number of nodes may split the votes, which is contended too.
 */
export function decide({ granted, denied, failed }: Tally, nodes: number): Verdict | null {
  const quorum = quorumOf(nodes);
  const spare = nodes - quorum;
  const open = nodes - granted - denied - failed;
  if (granted >= quorum) return "granted";
  if (denied > spare) return "contended";
  if (granted + open < quorum && denied + open <= spare) return "noQuorum";
  return null;
}

/**
 * The rule for releases: "granted" when a quorum of nodes has answered anything, "noQuorum" when all nodes have answered or
 * failed without that.
 */
export function answeredByQuorum({ granted, denied, failed }: Tally, nodes: number): Verdict | null {
  if (granted + denied >= quorumOf(nodes)) return "granted";
  return granted + denied + failed === nodes ? "noQuorum" : null;
}
