import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { rankOf } from "./states.js";

export const columns = ["state", "resource", "owner", "validity", "retries", "fence"] as const;
export type Column = (typeof columns)[number];

export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

export const firstOrder: Order = { column: "resource", descending: false };

/** Sorts by another column; the current column again reverses the order. */
export const reorder = (order: Order, column: Column): Order => ({
  column,
  descending: order.column === column && !order.descending,
});

export const retriesOf = ({ attempts }: Pick<LockView, "attempts">): number => Math.max(0, attempts - 1);

export const nameOf = ({ resources }: Pick<LockView, "resources">): string => resources.join(" ");

/** The sort key of a lock; null sorts last in either direction. */
type Key = string | number | null;

const keys: Record<Column, (lock: LockView, ownerOf: (lock: LockView) => string) => Key> = {
  state: ({ state }) => rankOf(state),
  resource: nameOf,
  owner: (lock, ownerOf) => ownerOf(lock),
  validity: ({ validUntil }) => validUntil,
  retries: retriesOf,
  fence: ({ fence }) => fence,
};

/** Plain comparison: thousands of rows are sorted ten times a second, for which a collation is too slow. */
const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

/** Returns a sorted copy. Equal keys are ordered by name and then by id, so that rows keep their places. */
export function sortLocks(
  locks: readonly LockView[],
  { column, descending }: Order,
  ownerOf: (lock: LockView) => string,
): LockView[] {
  const keyOf = keys[column];
  const way = descending ? -1 : 1;
  return locks
    .map((lock) => ({ lock, key: keyOf(lock, ownerOf), name: nameOf(lock) }))
    .sort((a, b) => {
      if (a.key !== b.key) {
        if (a.key === null) return 1;
        if (b.key === null) return -1;
        return way * compare(a.key, b.key);
      }
      return compare(a.name, b.name) || compare(a.lock.id, b.lock.id);
    })
    .map(({ lock }) => lock);
}
