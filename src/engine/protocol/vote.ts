/** Who holds a key, as far as a node may tell: never the token itself. */
export interface Holder {
  /** The key that is held. */
  readonly key: string;
  /** The owner label in front of the token's random part; null for a token that is not ours. */
  readonly owner: string | null;
  /** The first 16 hex digits of the token's SHA-1: enough to compare, useless to release. */
  readonly tokenHash: string;
  /** ms until the key expires; null if it never does. */
  readonly ttlLeft: number | null;
  /** The key's Redis type; anything but "string" is not a lock at all. */
  readonly type: string;
}

/**
 * Why a vote failed. `refused`: the server answered with an error (its text is the message). `timeout`: no answer
 * within the node timeout. `notReady`: the connection is not there. `overloaded`: too many requests in flight.
 * `garbage`: an answer that is no answer. `duplicate`: the same server already votes. `connection`: the client lost the request.
 * `notAsked`: the others had decided already. `quarantined`: it lost its memory, and abstains for a time.
 */
export type FailureReason =
  | "refused"
  | "timeout"
  | "notReady"
  | "overloaded"
  | "garbage"
  | "duplicate"
  | "connection"
  | "notAsked"
  | "quarantined";

/** A node's answer to a proposed fencing token. */
interface FenceVote {
  /** Equal is not enough: the same number may have been proposed by an earlier lease. */
  readonly accepted: boolean;
  /** The highest that the node has accepted. */
  readonly highest: number;
}

/** What a node makes of one command. */
export type Answer =
  /** `fence`: what the node made of the proposed one, if there was one. */
  | { readonly kind: "granted"; readonly fence?: FenceVote }
  /** `holder` is null where the key is simply not there (a renewal, a release or a swap of a lost key). */
  | { readonly kind: "denied"; readonly holder: Holder | null }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly message: string };

/** An answer and the node that gave it. */
export type Vote = Answer & { readonly node: string };

/** Almost every vote: one object for all of them. */
export const granted: Answer = Object.freeze({ kind: "granted" });
