import type { Vote } from "../engine/protocol/vote.js";
import type { KeptLease } from "./kept-lease.js";
import type { LeaseState } from "./lease-state.js";

/** A lease as its keeper calls it. */
interface Keepable {
  readonly leaseState: LeaseState;
  readonly settings: { readonly driftFactor: number };
  /** Checks the deadline, and what the keeper has done. */
  due(): void;
  /** Reports that the keeper has renewed the lease. */
  renewedElsewhere(votes: readonly Vote[]): void;
}

/** Renews leases while the thread that holds them is blocked. */
export interface LeaseKeeper {
  keep(lease: Keepable): KeptLease;
}
