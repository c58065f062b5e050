import type { NodeInput } from "../clients/node-input.js";
import type { QuarantineRule } from "../engine/node/abstention.js";
import type { Clock } from "../engine/time/clock.js";
import type { Random } from "../engine/time/random.js";
import type { RetryFunction, RetryPolicy } from "../engine/time/retry.js";
import type { Logger } from "../manager/logger.js";
import type { ExpiredEvent } from "./events.js";
import type { InspectionEvent, InspectionObserver } from "./lock-actor.js";

/** Options of one acquisition; each defaults to the manager's. */
export interface AcquireOptions {
  /** ms that the nodes keep the lock unless it is renewed. Default 10,000. */
  readonly ttl?: number;
  /** ms that the whole acquisition may take, whatever `retry` would allow. Default 10,000; Infinity to wait for ever. */
  readonly wait?: number;
  /** Aborts the wait: the acquisition rejects with the signal's reason. In `using` it reaches the job as well. */
  readonly signal?: AbortSignal;
  /**
   * How failed attempts are repeated. Default: who finds the lock taken waits in line, is told when its turn has come,
   * and asks again every 300 to 500 ms, or when the holder's ttl is over; where too few nodes answer: exponential
   * backoff from 50 to 1,000 ms with full jitter. With a policy of your own the delay is the longest until the next
   * attempt; who does not ask for 1.5 s loses its place in line.
   */
  readonly retry?: RetryPolicy | RetryFunction;
  /** Renew the lease until it is released. Default true. */
  readonly renew?: boolean;
  /** ms after which the lease ends however well renewal works. Default: no bound. */
  readonly maxHold?: number;
  /**
   * Get a fencing token with the lease: a number that only grows from one lease of a resource to the next, for storage
   * that can refuse what comes late. Default false.
   */
  readonly fence?: boolean;
  /**
   * First come, first served, across processes: a free lock is left to who has waited longest. False takes it whenever
   * it is free. Acquisitions of several resources at once do not stand in line. Default true.
   */
  readonly fair?: boolean;
  /** Called once, when the lease is over without having been released. */
  readonly onLost?: (event: ExpiredEvent) => void | Promise<void>;
}

/** Options of `createLocks`. */
export interface LocksOptions extends Omit<AcquireOptions, "signal" | "fence"> {
  /** The independent nodes that vote; see {@link NodeInput}. An odd number is best. */
  readonly nodes: readonly NodeInput[];
  /** Put in front of every resource to make its Redis key. Default "". */
  readonly prefix?: string;
  /** ms that one node's answer may take. Default: a quarter of the ttl, at most 1,000. */
  readonly nodeTimeout?: number;
  /**
   * ms that a node may take to connect and to be identified, before the first acquisition goes on without it. A connection
   * that is not ready by then is replaced. Default 5,000.
   */
  readonly connectTimeout?: number;
  /** The share of the ttl that clocks may disagree by. Default 0.01. */
  readonly driftFactor?: number;
  /** Shown to others as the holder; no "~", at most 128 characters. Default: `host:pid`. */
  readonly owner?: string;
  /**
   * Whether all that is asked of a node in one turn of the event loop goes as one script call, each command with its
   * own outcome. Default true.
   */
  readonly grouping?: boolean;
  /**
   * Acquisitions that may be under way or waiting at the same time; further ones are refused with an OverloadedError.
   * Default 100,000.
   */
  readonly maxPending?: number;
  /**
   * How long a node that lost its memory (restarted, flushed, its marker evicted, a replica meanwhile) does not vote. "auto",
   * the default: for the longest ttl up to a minute that a majority was ever asked for, until longer leases that are held have
   * been released or have run out, and for four node timeouts at least; a single node votes at once, and so does a whole new
   * set, with a warning.
   * A number: for so many ms, also a single node and a new set; 0 ends an abstention. False: it votes at once, which is safe only where
   * every write is on disk before the reply. The same for all processes that use the nodes.
   */
  readonly quarantine?: QuarantineRule;
  /**
   * What becomes of a node among several that hides who it is (no INFO, no keys "holdfast:*"), so that it might be the
   * same server as another: "warn", the default, warns once and lets it vote; "allow" lets it vote; "refuse" fails its votes.
   */
  readonly unidentified?: "warn" | "allow" | "refuse";
  /**
   * Tell the life of these locks on the nodes' pub/sub channel "holdfast:life", so that `holdfast ui` and `holdfast watch`
   * show them with those of all other processes: names, states, owner labels and hashes, never a token. `stepsPerSecond`: told
   * one by one, an integer from 1 to 10,000, default 200; how the locks are is told beyond that, too. While nobody listens it
   * is a message every 2 s. Default false.
   */
  readonly publish?: boolean | { readonly stepsPerSecond?: number };
  /** Called with what a listener or callback threw. Default: a process warning. */
  readonly onListenerError?: (error: unknown, event: string) => void;
  /**
   * Is told of every event: pino, or another logger that takes an object and then a message. What goes well at "debug",
   * a lost quorum and nodes that fail at "warn", a lost lease and an acquisition that found no quorum at "error".
   */
  readonly logger?: Logger;
  /** Passed to every actor: XState's own inspection, as a function or an observer (as Stately's inspector has it). */
  readonly xstate?: { readonly inspect?: ((event: InspectionEvent) => void) | InspectionObserver };
  /** For tests and simulations. Default: the system's. */
  readonly clock?: Clock;
  /** For tests and simulations. Default: the system's. */
  readonly random?: Random;
}
