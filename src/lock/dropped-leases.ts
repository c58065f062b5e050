import { named } from "../support/names.js";
import { warn } from "../support/warn.js";
import type { Hold } from "./lease-state.js";

/**
 * Warns of a lease that was dropped: collected without having been released. It is then no longer renewed. Nothing
 * that renews it may keep the lease itself alive. The hold is referenced weakly: its timer keeps it as long as there is
 * something to warn of, and a client whose listeners refer to the lease must not be kept by it.
 */
const dropped = new FinalizationRegistry<WeakRef<Hold>>((reference) => {
  const hold = reference.deref();
  if (hold === undefined || hold.end !== null) return;
  hold.dropped = true;
  warn(
    "LEASE_DROPPED",
    `the lease of ${named(hold.resources)} was dropped without being released; it is no longer renewed`,
    "Keep the lease until release(), or acquire with using() or `await using`.",
  );
});

/** From the first renewal on its hold no longer keeps the lease: watching the many short ones would cost too much. */
export function watchForDrop(hold: Hold): void {
  const { lease } = hold;
  if (lease === null) return;
  hold.lease = null;
  dropped.register(lease, new WeakRef(hold), lease);
}

/** It has ended in an orderly way. */
export const forgetDrop = (lease: object): unknown => dropped.unregister(lease);
