/** The states of the lock's chart, in the usual order. */
export const lockStates = [
  "idle",
  "acquiring",
  "held",
  "renewing",
  "upgrading",
  "releasing",
  "expired",
] as const;
export type LockState = (typeof lockStates)[number];

/** The top-level state of a path: "acquiring" for "acquiring.asking". */
export function topState(path: string): string {
  const dot = path.indexOf(".");
  return dot < 0 ? path : path.slice(0, dot);
}

const holding: ReadonlySet<string> = new Set(["held", "renewing", "upgrading", "releasing"]);

/** Whether a lock in this state has a lease. */
export const isHolding = (path: string): boolean => holding.has(topState(path));

const known: ReadonlySet<string> = new Set(lockStates);

export type StateCounts = Readonly<Record<LockState, number>>;

export function countStates(locks: Iterable<{ readonly state: string }>): StateCounts {
  const counts = { idle: 0, acquiring: 0, held: 0, renewing: 0, upgrading: 0, releasing: 0, expired: 0 };
  for (const { state } of locks) {
    const top = topState(state);
    // `in` would accept names such as "constructor", and states from frames are untrusted.
    if (known.has(top)) counts[top as LockState] += 1;
  }
  return counts;
}
