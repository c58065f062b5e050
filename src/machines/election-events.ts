import type { DeposedReason } from "../errors.js";

/** The events of the election state machine: imperative for requests, past tense for outcomes. */
export type ElectionMachineEvent =
  | { type: "CAMPAIGN" }
  /** The candidate holds the lease. */
  | { type: "ELECTED" }
  /** The campaign ended without a lease. */
  | { type: "FAILED"; error: unknown }
  /** The leader gives up the leadership. */
  | { type: "RESIGN"; reason: "resigned" | "failed" }
  /** The work of the term has ended, or is waited for no longer. */
  | { type: "STOPPED" }
  | { type: "RELEASED" }
  /** The lease ended without a release. */
  | { type: "LOST"; reason: DeposedReason }
  /** The candidate withdraws for good. */
  | { type: "CLOSE" };
