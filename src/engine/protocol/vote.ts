/** One of the holders that share a key. */
export interface Reader {
  /** The owner label of the token; null for a token that Holdfast did not create. */
  readonly owner: string | null;
  /** The first 16 hex digits of the token's SHA-1. */
  readonly tokenHash: string;
  /** ms for which the reader holds the key unless it renews or releases it. */
  readonly ttlLeft: number;
  /** The reader has released the key, which is kept until `holdAtLeast` is over. Absent while it holds the key. */
  readonly kept?: true;
}

/** The holder of a key, as far as a node may disclose it: never the token itself. */
export interface Holder {
  /** The key that is held. */
  readonly key: string;
  /** The owner label in front of the token's random part; null for a token that Holdfast did not create. */
  readonly owner: string | null;
  /** The first 16 hex digits of the token's SHA-1: enough to compare tokens, useless to release a lock. */
  readonly tokenHash: string;
  /** ms until the key expires; null if it never does. */
  readonly ttlLeft: number | null;
  /** The holder has released the key, which is kept until `holdAtLeast` is over. Absent while the key is held. */
  readonly kept?: true;
  /** Present if the key has several holders, which share it. `owner` is then null, and `tokenHash` that of no token. */
  readonly mode?: "shared";
  /** The holders that share the key, at most 100, and how many there are. Present in reports only. */
  readonly readers?: readonly Reader[];
  readonly readerCount?: number;
  /** One of the holders that share the key waits to hold it alone. Present only where another asks for the same. */
  readonly upgrading?: true;
  /** The key's Redis type; anything but "string" is not a lock at all. */
  readonly type: string;
}

/**
 * Why a vote failed. `refused`: the server answered with an error (its text is the message). `timeout`: no answer within
 * the node timeout. `notReady`: there is no connection. `overloaded`: too many requests in flight. `garbage`: the answer
 * is invalid. `duplicate`: the same server already votes. `connection`: the client lost the request. `notAsked`: the
 * other nodes had decided already. `quarantined`: the node lost its memory, and abstains for a time.
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
  /**
   * Whether the fence was higher than the record. An equal fence is not accepted: an earlier lease may have proposed it.
   */
  readonly accepted: boolean;
  /** The highest fence that the node has accepted. */
  readonly highest: number;
}

/** What every answer to an acquisition of permits has. */
interface SemaphoreAnswer {
  /** The number of permits that another process has given for this semaphore lately. Absent if none has given another number. */
  readonly otherNumber?: number;
}

/** The result of one command on a node. */
export type Answer =
  /**
   * `fence`: the answer to the proposed fence, if there was one. `permits`: the numbers of the permits of a semaphore that
   * the node granted.
   */
  | ({
      readonly kind: "granted";
      readonly fence?: FenceVote;
      readonly permits?: readonly number[];
    } & SemaphoreAnswer)
  /** `holder` is null if the key does not exist (a renewal, a release or a swap of a lost key). */
  | ({ readonly kind: "denied"; readonly holder: Holder | null } & SemaphoreAnswer)
  /** `lasting`: the cause does not end by itself (a wrong password), so that waiting for this node is pointless. */
  | {
      readonly kind: "failed";
      readonly reason: FailureReason;
      readonly message: string;
      readonly lasting?: true;
    };

/** An answer and the node that gave it. */
export type Vote = Answer & { readonly node: string };

/** The most frequent vote, as one shared object. */
export const granted: Answer = Object.freeze({ kind: "granted" });
