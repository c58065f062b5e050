import type { DeposedReason } from "../errors.js";

/** The states of a candidate. */
export type ElectionState = "follower" | "campaigning" | "leading" | "resigning" | "closed";

/** The part of an election that inspection displays. Serialisable, and free of secrets. */
export interface ElectionContext {
  /** The name of the election. */
  election: string;
  /** The number of terms of this candidate so far. */
  terms: number;
  /** Why the last term ended, or is about to end. Null before the end of the first term, and while the candidate leads. */
  reason: DeposedReason | null;
  /** Whether the candidate does not campaign again. */
  closing: boolean;
}
