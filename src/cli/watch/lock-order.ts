import type { LockView } from "../../inspector/feed/frames.js";
import { isHolding } from "../../inspector/feed/lease-kind.js";

/** The orders of the table, as the page has them. */
export const lockOrders = ["trouble", "resource", "longest held", "longest wait"] as const;
export type LockOrder = (typeof lockOrders)[number];

/** The value by which locks are sorted before their names. */
const keys: Record<LockOrder, (lock: LockView) => number> = {
  // Locks that need attention come first and idle locks last; otherwise rows keep their places.
  trouble: ({ state }) =>
    state === "renewing.retrying" || state === "expired" ? 0 : state === "idle" ? 2 : 1,
  resource: () => 0,
  "longest held": ({ state, granted, since }) =>
    isHolding(state) ? (granted ?? since) : Number.POSITIVE_INFINITY,
  "longest wait": ({ state, began, since }) =>
    state.startsWith("acquiring") ? (began ?? since) : Number.POSITIVE_INFINITY,
};

/**
 * Returns the locks in an order; equal ones by name, so that rows keep their places. `isOver`: whether a lease has run out
 * unheard; such a lock comes after a valid holder.
 */
export function inOrder(
  locks: Iterable<LockView>,
  order: LockOrder = "trouble",
  isOver: (lock: LockView) => boolean = () => false,
): LockView[] {
  return [...locks]
    .map((lock) => ({
      lock,
      key: isOver(lock) ? keys[order]({ ...lock, state: "idle" }) : keys[order](lock),
      name: lock.resources[0] ?? "",
    }))
    .sort((a, b) => compare(a.key, b.key) || compare(a.name, b.name) || compare(a.lock.id, b.lock.id))
    .map(({ lock }) => lock);
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
