import type { Verdict } from "./decision.js";

/** What one node has answered to an acquisition of permits: the permits that it granted, in case of a denial none. */
export type PermitBallot = { readonly permits: readonly number[] } | "failed";

interface VoterSet {
  readonly members: readonly number[];
  readonly quorum: number;
}

/**
 * The permits that a quorum of each set of nodes has granted, the ones with most votes first. A node may have granted a permit
 * that no quorum has: so votes are counted for each permit by itself.
 */
export function grantedPermits(
  ballots: readonly (PermitBallot | undefined)[],
  sets: readonly VoterSet[],
): number[] {
  const [set] = sets;
  if (sets.length === 1 && set?.quorum === 1) return [...permitsOf(ballots[set.members[0] ?? 0])];
  const counts = new Map<number, number>();
  for (const permit of ballots.flatMap(permitsOf)) counts.set(permit, (counts.get(permit) ?? 0) + 1);
  const isGranted = (permit: number) => reachesQuorums(permit, ballots, sets, () => false);
  return [...counts.keys()].filter(isGranted).sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
}

/**
 * The verdict about an acquisition of `weight` of `number` permits, as soon as the missing votes cannot change it; null before.
 * "granted": enough permits have a quorum each. "contended": even if the nodes that failed had granted, too few would have.
 */
export function decidePermits(
  ballots: readonly (PermitBallot | undefined)[],
  sets: readonly VoterSet[],
  weight: number,
  number: number,
): Verdict | null {
  if (grantedPermits(ballots, sets).length >= weight) return "granted";
  const isOpen = (member: number) => ballots[member] === undefined;
  const hasFailed = (member: number) => ballots[member] === "failed";
  const isPossible = (mayGrant: (member: number) => boolean) => {
    const named = new Set(ballots.flatMap(permitsOf));
    const reachable = [...named].filter((permit) => reachesQuorums(permit, ballots, sets, mayGrant));
    // Permits that no node has granted yet are all alike.
    const others = reachesQuorums(null, ballots, sets, mayGrant) ? number - named.size : 0;
    return reachable.length + others >= weight;
  };
  if (isPossible(isOpen)) return null;
  if (!isPossible((member) => isOpen(member) || hasFailed(member))) return "contended";
  return isPossible(hasFailed) ? "noQuorum" : null;
}

/** Whether the permit has a quorum of each set, if also those for which `mayGrant` is true grant it. */
const reachesQuorums = (
  permit: number | null,
  ballots: readonly (PermitBallot | undefined)[],
  sets: readonly VoterSet[],
  mayGrant: (member: number) => boolean,
): boolean =>
  sets.every(({ members, quorum }) => {
    const grants = (member: number) => permit !== null && permitsOf(ballots[member]).includes(permit);
    return members.filter((member) => grants(member) || mayGrant(member)).length >= quorum;
  });

const permitsOf = (ballot: PermitBallot | undefined): readonly number[] =>
  ballot === undefined || ballot === "failed" ? [] : ballot.permits;
