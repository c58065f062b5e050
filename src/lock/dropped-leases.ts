import { named } from "../support/names.js";
import { warn } from "../support/warn.js";
import type { LeaseState } from "./lease-state.js";

/**
 * Warns of a lease that was dropped: collected without having been released. It is then no longer renewed. Nothing
 * that renews it may keep the lease itself alive. The hold is referenced weakly: its timer keeps it as long as there is
 * something to warn of, and a client whose listeners refer to the lease must not be kept by it.
 */
const dropped = new FinalizationRegistry<WeakRef<LeaseState>>((reference) => {
  const leaseState = reference.deref();
  if (leaseState === undefined || leaseState.end !== null) return;
  leaseState.dropped = true;
  warn(
    "LEASE_DROPPED",
    `the lease of ${named(leaseState.resources)} was dropped without being released; it is no longer renewed`,
    "Keep the lease until release(), or acquire with using() or `await using`.",
  );
});

/** From the first renewal on its hold no longer keeps the lease: watching the many short ones would cost too much. */
export function watchForDrop(leaseState: LeaseState): void {
  const { lease } = leaseState;
  if (lease === null) return;
  leaseState.lease = null;
  dropped.register(lease, new WeakRef(leaseState), lease);
}

/** It has ended in an orderly way. */
export const forgetDrop = (lease: object): unknown => dropped.unregister(lease);
