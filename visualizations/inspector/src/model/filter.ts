import type { LockView } from "../../../../src/inspector/feed/frames.js";
import type { ResourceView } from "../resource/resources.js";
import { type LockState, topState } from "./states.js";

export interface Filter {
  /** Every word must occur in the resource or an owner; case is ignored. */
  readonly text: string;
  /** The states to show; empty: all. */
  readonly states: ReadonlySet<LockState>;
}

export const noFilter: Filter = { text: "", states: new Set() };

export const isFiltering = ({ text, states }: Filter): boolean => text.trim() !== "" || states.size > 0;

const locksOf = ({ holders, waiters, others }: ResourceView): readonly LockView[] => [
  ...holders,
  ...waiters,
  ...others,
];

/** Keeps the resources that match with any of their locks. `ownerOf`: the owner label of a lock's process. */
export function filterResources(
  all: readonly ResourceView[],
  { text, states }: Filter,
  ownerOf: (lock: LockView) => string,
): readonly ResourceView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && states.size === 0) return all;
  return all.filter((view) => {
    const locks = locksOf(view);
    // The set contains the chart's states; any other text is simply not in it.
    if (states.size > 0 && !locks.some(({ state }) => states.has(topState(state) as LockState))) return false;
    const where = `${view.name} ${locks.map(ownerOf).join(" ")}`.toLowerCase();
    return words.every((word) => where.includes(word));
  });
}

/** The filter with the state switched on or off. */
export function toggleState(filter: Filter, state: LockState): Filter {
  const states = new Set(filter.states);
  if (!states.delete(state)) states.add(state);
  return { ...filter, states };
}
