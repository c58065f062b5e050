import type { LockMode } from "../protocol/token.js";

/** A lease that was handed over: its token, and its ttl in ms. */
export interface PriorLease {
  readonly token: string;
  readonly ttl: number;
}

/**
 * The origin of a lease that is not new. "handover": the lease was handed over, and continues under a fresh token, or
 * under the token that the user chose (`as`). `mode`: that of the lease, if it was upgraded. "sharedToken": the nodes hold the
 * token for another client too, and the lease continues under that token.
 */
export type Origin =
  | ({ readonly kind: "handover"; readonly as?: string; readonly mode?: LockMode } & PriorLease)
  | { readonly kind: "sharedToken"; readonly token: string };
