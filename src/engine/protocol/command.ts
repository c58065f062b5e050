import { constants } from "./script.generated.js";

/**
 * A command for the keys of one lock. Every command applies to all of its keys or to none: a node grants the whole set or
 * denies it. Only "renewEach" is for the keys of many locks.
 */
export type LockCommand =
  /** Sets keys that are free. A key that already holds this token gets its full ttl again. */
  | {
      readonly op: "acquire";
      readonly keys: readonly string[];
      readonly token: string;
      readonly ttl: number;
      /** The fencing token to propose together with the command. */
      readonly fence?: number;
      /** How the command treats the waiters of its keys. */
      readonly queue?: QueuePolicy;
    }
  /**
   * Sets `weight` of these keys, which are all permits of a semaphore: the first free ones, in this order. Keys that already
   * hold this token count, and get their full ttl again.
   */
  | {
      readonly op: "acquireAny";
      readonly keys: readonly string[];
      readonly token: string;
      readonly ttl: number;
      readonly weight: number;
      /** The number of permits that the semaphore has. The keys may be those of some of them. */
      readonly permits: number;
      readonly fence?: number;
      /** How the command treats the waiters of the semaphore, which have one queue. */
      readonly queue: QueuePolicy;
    }
  /** Extends keys that hold this token to at least `ttl` (a longer remaining ttl stays). */
  | RenewalCommand<"renew">
  /**
   * Extends each key that holds its token to at least `ttl`, whatever the other keys hold. Sent only to nodes that take it:
   * see `renewsEach` of a node.
   */
  | {
      readonly op: "renewEach";
      readonly keys: readonly string[];
      /** The token of each key. */
      readonly tokens: readonly string[];
      /** ms, at most a minute. */
      readonly ttl: number;
    }
  /** Sets keys that are absent, and extends keys that hold this token. */
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
  /** Undoes a swap: keys that hold `from` hold `token` again, for at most `ttl` ms. */
  | {
      readonly op: "giveBack";
      readonly keys: readonly string[];
      readonly from: string;
      readonly token: string;
      readonly ttl: number;
    }
  /**
   * Gives keys that this shared token holds to the token alone, as soon as nobody shares them. Until then the caller waits at
   * `queue.place`, in front of all others, and no further token shares the keys. Denied with `upgrading` if another waits so.
   */
  | {
      readonly op: "upgrade";
      readonly keys: readonly string[];
      readonly token: string;
      readonly ttl: number;
      readonly fence?: number;
      readonly queue: { readonly place: QueuePlace };
    }
  /** Undoes an upgrade, or gives up the wait for one: keys that the token holds alone may be shared again. */
  | {
      readonly op: "downgrade";
      readonly keys: readonly string[];
      readonly token: string;
      readonly queue: { readonly id: string };
    }
  /** Proposes a higher fencing token for keys that hold this token. */
  | { readonly op: "fence"; readonly keys: readonly string[]; readonly token: string; readonly fence: number }
  /** Compare-and-delete. */
  | {
      readonly op: "release";
      readonly keys: readonly string[];
      readonly token: string;
      /**
       * Whether the keys may have been granted for longer than `longestShort`: their record as long leases is then
       * removed too.
       */
      readonly long?: boolean;
      /**
       * ms, at least 1, for which the keys are kept instead of being deleted, unless they expire earlier. No waiter is
       * woken.
       */
      readonly rest?: number;
      /** How the command treats the waiters of its keys. */
      readonly queue?: QueueExit;
    }
  /** Reports the holders of the keys; changes nothing. */
  | {
      readonly op: "inspect";
      readonly keys: readonly string[];
      /** Whether to report the readers of shared keys too. */
      readonly readers?: boolean;
    };

/** A place in the queue of a key. Waiters are served in the order of their arrival. */
export interface QueuePlace {
  /**
   * Identifies the waiter: `process:number`, or `process:number:ms` if a free key is to be reserved for this many ms. The
   * number of a waiter for permits is followed by "w" and the weight. The number of a reader begins with "r", and that of a
   * reader that waits to become the writer with "u".
   * Messages for the waiter are published on the channel of the process, see {@link wakeChannel}.
   */
  readonly id: string;
  /**
   * Arrival time of the waiter in epoch ms. The ticket determines the order, which is the same on every node; if two
   * tickets are equal, the smaller id comes first.
   */
  readonly ticket: number;
}

/** How an acquisition treats waiters. */
export interface QueuePolicy {
  /**
   * The place to take, or keep, if the key is denied, and to leave if the key is granted. Null: the caller does not wait.
   */
  readonly place: QueuePlace | null;
  /** Whether to take the key if it is free, even if others wait for it. */
  readonly barge: boolean;
}

/** How a release treats waiters. */
export interface QueueExit {
  /** The id of the place that is left together with the release; null if there is none. */
  readonly id: string | null;
  /** Whether to wake the first waiter if the key is free. False if only a minority granted the key. */
  readonly wake: boolean;
  /**
   * The place to take again, which the grant of the key has left: its waiter goes on waiting, because only a minority granted
   * the key. Then `id` is null, and nobody is woken.
   */
  readonly place?: QueuePlace;
}

/** The value of a key that several tokens share. It is no token. */
export const sharedForm = constants.sharedForm;

/** The number part of a waiter's id begins with this letter if the waiter wants to share the keys. */
export const readerSign = "r";
/** What follows the number in the id of a waiter for permits, and is followed by their number: see {@link QueuePlace}. */
export const weightSign = "w";
/** The same for a holder that shares the keys, and waits to hold them alone. */
export const upgraderSign = "u";

/** The ticket of a reader that waits to become the writer: such a waiter comes before all others. */
export const upgradeTicket = 1;

/** A waiter that makes no attempt for this many ms loses its place. */
export const placeTtl = constants.placeTtl;
/** How long a free key is reserved for the first waiter, in ms, unless the waiter's id gives another duration. */
export const reservation = constants.reservation;
/** Maximum reservation in ms. */
export const maxReservation = 1_000;

/** The channel on which a process is notified that a waiter's turn has come. The message is the id of the place. */
export const wakeChannel = (process: string): string => `${constants.wakeChannelPrefix}${process}`;

interface RenewalCommand<Op extends string> {
  readonly op: Op;
  readonly keys: readonly string[];
  readonly token: string;
  /** ms. */
  readonly ttl: number;
}
