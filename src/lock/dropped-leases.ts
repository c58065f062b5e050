import { named } from "../support/names.js";
import { warnBounded } from "../support/warn.js";
import type { LeaseState } from "./lease-state.js";

/**
 * Warns about a dropped lease, that is, a lease that was garbage-collected before its release. A dropped lease is no
 * longer renewed. The code that renews a lease must not keep the lease object alive. This registry refers to the state
 * weakly: the timer keeps the state alive as long as a warning is possible, and the registry must not keep a client alive
 * whose listeners refer to the lease.
 */
const dropped = new FinalizationRegistry<WeakRef<LeaseState>>((reference) => {
  const leaseState = reference.deref();
  if (leaseState === undefined || leaseState.end !== null) return;
  leaseState.drop();
  warnBounded(
    "LEASE_DROPPED",
    `the lease of ${named(leaseState.resources)} was dropped without being released; it is no longer renewed`,
    "Keep the lease until release(), or acquire with using() or `await using`.",
  );
});

/**
 * Drops the state's reference to the lease and watches the lease from then on. Called at the first renewal, because
 * watching the many leases that end before a renewal would cost too much.
 */
export function watchForDrop(leaseState: LeaseState): void {
  const { lease } = leaseState;
  if (lease === null) return;
  leaseState.lease = null;
  dropped.register(lease, new WeakRef(leaseState), lease);
}

/** Stops watching a lease that was released or handed over. */
export const forgetDrop = (lease: object): unknown => dropped.unregister(lease);
