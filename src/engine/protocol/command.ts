import { type ClaimingOp, constants, opClaims, opNeedsMemory } from "./script.generated.js";

/**
 * What a node can be asked to do with the keys of one lock. Every command concerns all of its keys or none:
 * a node grants the whole set or denies it.
 */
export type LockCommand =
  /** Set the keys that nobody holds; one that already holds this token gets its full ttl again. */
  | {
      readonly op: "acquire";
      readonly keys: readonly string[];
      readonly token: string;
      readonly ttl: number;
      /** Propose this fencing token along with it. */
      readonly fence?: number;
      /** Heed those who wait for the key; of a single key only. */
      readonly queue?: QueuePolicy;
    }
  /** Extend keys that hold this token to at least `ttl` (a longer remaining ttl stays). */
  | RenewalCommand<"renew">
  /** Put back keys that are absent; extend those that hold this token. */
  | RenewalCommand<"heal">
  /** Compare-and-set: keys that hold `from` now hold `token`. */
  | {
      readonly op: "swap";
      readonly keys: readonly string[];
      readonly from: string;
      readonly token: string;
      readonly ttl: number;
      readonly fence?: number;
    }
  /** Undoes a swap: keys that hold `from` hold `token` again, for `ttl` ms at the most. */
  | {
      readonly op: "giveBack";
      readonly keys: readonly string[];
      readonly from: string;
      readonly token: string;
      readonly ttl: number;
    }
  /** Propose a higher fencing token for keys that hold this token. */
  | { readonly op: "fence"; readonly keys: readonly string[]; readonly token: string; readonly fence: number }
  /** Compare-and-delete. */
  | {
      readonly op: "release";
      readonly keys: readonly string[];
      readonly token: string;
      /** They may have been granted for longer than `longestShort`: what is recorded of that goes with them. */
      readonly long?: boolean;
      /** Heed those who wait for the keys. */
      readonly queue?: QueueExit;
    }
  /** Tell who holds the keys; changes nothing. */
  | { readonly op: "inspect"; readonly keys: readonly string[] };

/** Where those who wait for one key stand: first come, first served. */
export interface QueuePlace {
  /**
   * Names who waits: `process:number`, or `process:number:ms` where a free key is to be kept for it for so long. Messages
   * for it come on the process's channel, see {@link wakeChannel}.
   */
  readonly id: string;
  /** Epoch ms at which it came. The order, the same on every node; of two that are equal the smaller id comes first. */
  readonly ticket: number;
}

/** How an acquisition heeds those who wait. */
export interface QueuePolicy {
  /** Taken, or kept, if the key is denied; left if it is granted. Null: it does not wait. */
  readonly place: QueuePlace | null;
  /** Take the key when it is free, whoever waits. */
  readonly barge: boolean;
}

/** How a release does. */
export interface QueueExit {
  /** The place that is left with it, if any; of a single key only. */
  readonly id: string | null;
  /** Whether the first who waits is told that the key is free: not where it was granted by a minority only. */
  readonly wake: boolean;
}

/** ms without a sign of life after which a waiter has lost its place; each attempt is one. */
export const placeTtl = constants.placeTtl;
/** ms for which a free key is kept for the first who waits, unless its id says otherwise. */
export const reservation = constants.reservation;
/** ms for which it is kept at the most. */
export const longestReservation = 1_000;

/** Where a process hears that its turn has come: the message is the id of the place. */
export const wakeChannel = (process: string): string => `${constants.wakeChannelPrefix}${process}`;

interface RenewalCommand<Op extends string> {
  readonly op: Op;
  readonly keys: readonly string[];
  readonly token: string;
  /** ms. */
  readonly ttl: number;
}

/** Whether a node must know all that it granted to answer this. */
export const needsMemory = ({ op }: LockCommand): boolean => opNeedsMemory(op);

/** The commands that may leave a key behind; a release must follow them, and none may be sent once given up. */
export type ClaimingCommand = Extract<LockCommand, { op: ClaimingOp }>;

export const claims = (command: LockCommand): command is ClaimingCommand => opClaims(command.op);
