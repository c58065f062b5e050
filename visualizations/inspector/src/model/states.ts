/** The lock chart's states, in the order of a lock's life. */
export const lockStates = ["idle", "acquiring", "held", "renewing", "releasing", "expired"] as const;
export type LockState = (typeof lockStates)[number];

/** The top-level state of a path: "acquiring.asking" is acquiring. */
export function topState(path: string): string {
  const dot = path.indexOf(".");
  return dot < 0 ? path : path.slice(0, dot);
}

const ranks = new Map<string, number>(lockStates.map((state, rank) => [state, rank]));

/** Where in its life a lock is, for sorting. */
export const rankOf = (path: string): number => ranks.get(topState(path)) ?? lockStates.length;

export type StateCounts = Readonly<Record<LockState, number>>;

export function countStates(locks: Iterable<{ readonly state: string }>): StateCounts {
  const counts = { idle: 0, acquiring: 0, held: 0, renewing: 0, releasing: 0, expired: 0 };
  for (const { state } of locks) {
    const top = topState(state);
    // Not by `in`: what is told may be called "constructor".
    if (ranks.has(top)) counts[top as LockState] += 1;
  }
  return counts;
}
