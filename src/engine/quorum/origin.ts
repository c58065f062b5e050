/** A lease that somebody handed over: its token, and the ttl (ms) that it was given. */
export interface PriorLease {
  readonly token: string;
  readonly ttl: number;
}

/**
 * Where a lease comes from, unless it is a new one: handed over, to go on under a token of its own, or under the one
 * that the user wants (`as`); or one that the nodes hold for somebody else too, and that goes on here under its token.
 */
export type Origin =
  | ({ readonly kind: "handover"; readonly as?: string } & PriorLease)
  | { readonly kind: "shared"; readonly token: string };
