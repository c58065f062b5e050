import { type LockState, topState } from "./states.js";

export interface Filter {
  /** Every word must occur in the resources or the owner; case is ignored. */
  readonly text: string;
  /** The states to show; empty: all. */
  readonly states: ReadonlySet<LockState>;
}

export const noFilter: Filter = { text: "", states: new Set() };

export const isFiltering = ({ text, states }: Filter): boolean => text.trim() !== "" || states.size > 0;

interface Filtered {
  readonly state: string;
  readonly resources: readonly string[];
}

/** `ownerOf`: the owner label of the lock's process. */
export function filterLocks<Lock extends Filtered>(
  locks: Iterable<Lock>,
  { text, states }: Filter,
  ownerOf: (lock: Lock) => string,
): Lock[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept: Lock[] = [];
  for (const lock of locks) {
    // The set contains the chart's states; any other text is simply not in it.
    if (states.size > 0 && !states.has(topState(lock.state) as LockState)) continue;
    if (words.length > 0) {
      const where = `${lock.resources.join(" ")} ${ownerOf(lock)}`.toLowerCase();
      if (!words.every((word) => where.includes(word))) continue;
    }
    kept.push(lock);
  }
  return kept;
}

/** The filter with the state switched on or off. */
export function toggleState(filter: Filter, state: LockState): Filter {
  const states = new Set(filter.states);
  if (!states.delete(state)) states.add(state);
  return { ...filter, states };
}
