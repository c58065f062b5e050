import type { NodeInput } from "../clients/node-input.js";
import type { QuarantineRule } from "../engine/node/abstention.js";
import type { LockMode } from "../engine/protocol/token.js";
import type { Clock } from "../engine/time/clock.js";
import type { Random } from "../engine/time/random.js";
import type { RetryFunction, RetryPolicy } from "../engine/time/retry.js";
import type { ExpiredEvent } from "./events.js";
import type { InspectionEvent, InspectionObserver } from "./lock-actor.js";
import type { Logger } from "./logger.js";

/** Options of one acquisition. Each defaults to the same option of `createLocks`, if there is one. */
export interface AcquireOptions {
  /** ms that the nodes keep the lock unless the lease is renewed. Default 10,000. */
  readonly ttl?: number | undefined;
  /** ms that the whole acquisition may take, even if `retry` allows more. Infinity waits forever. Default 10,000. */
  readonly wait?: number | undefined;
  /** Aborts the wait: the acquisition rejects with the signal's reason. In `using`, the lease's signal aborts too. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How failed attempts are repeated. By default, an acquisition of a taken lock waits in the nodes' queues, is notified
   * of its turn, and asks again every 300 to 500 ms or when the holder's ttl is over. If too few nodes answer, the default
   * is exponential backoff from 50 to 1,000 ms with full jitter. With a custom policy, the returned delay is an upper
   * limit, because a notification can start the next attempt earlier. A waiter that does not ask for 1.5 s loses its place.
   */
  readonly retry?: RetryPolicy | RetryFunction | undefined;
  /** Whether the lease is renewed automatically until it is released. Default true. */
  readonly renew?: boolean | undefined;
  /** ms after which the lease ends even if every renewal succeeds. Default: no limit. */
  readonly maxHold?: number | undefined;
  /**
   * ms, an integer from 0, for which the nodes keep the lock after the grant, whether or not the lease is released earlier,
   * and without a living process. For jobs that several machines start at about the same time, and that take less time than
   * their clocks differ. The nodes keep the lock for at least this long without a renewal, even if `ttl` is shorter. At most
   * `maxHold`. Default 0: a release frees the lock.
   */
  readonly holdAtLeast?: number | undefined;
  /**
   * Whether the lease gets a fencing token: a number that grows from one lease of a resource to the next, for storage that
   * can refuse late writes. Default false.
   */
  readonly fence?: boolean | undefined;
  /**
   * Whether locks are granted in the order of arrival, across processes: a free lock is kept for the caller that has waited
   * longest. Acquisitions of several resources wait in the queue of each. With `false`, the acquisition takes a free lock
   * even if others have waited longer. Default true.
   */
  readonly fair?: boolean | undefined;
  /**
   * "exclusive", the default: the lease has the resource for itself. "shared": any number of shared leases have the resource
   * at once, and an exclusive lease waits until they have ended. Both stand in one line: a shared lease that comes later than
   * a waiting exclusive one waits behind it.
   */
  readonly mode?: LockMode | undefined;
  /** Called once if the lease ends without a release. */
  readonly onLost?: ((event: ExpiredEvent) => void | Promise<void>) | undefined;
}

/** Options of `using`. */
export interface UsingOptions extends AcquireOptions {
  /**
   * Whether `using` rejects with a LeaseExpiredError if the lease was lost while the job ran, or was taken back by `close()`
   * (the error's `cause` is then a ManagerClosedError). The job is not stopped, and its result is the error's `result`; an
   * error of the job itself comes first. Default false: `using` has the job's result.
   */
  readonly rejectOnLoss?: boolean | undefined;
}

/** The signals that `closeOn` takes: those that end a process by default, and that a process can catch. */
export type ClosingSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGUSR2" | "SIGBREAK";

/** Options of `createLocks`. */
export interface LocksOptions extends Omit<AcquireOptions, "signal" | "fence" | "mode"> {
  /** The independent nodes that vote; see {@link NodeInput}. Use an odd number. */
  readonly nodes: readonly NodeInput[];
  /** See {@link GroupedLocksOptions}. */
  readonly groups?: undefined;
  /**
   * The nodes before a change of `nodes`, while processes with the old and with the new nodes run side by side. A grant, a
   * renewal and a fence then need a quorum of both sets. Give a node that is in both sets as the same client or address in
   * both. Default: the nodes are not being changed. docs/changing-nodes.md describes the procedure.
   */
  readonly previous?: readonly NodeInput[] | undefined;
  /**
   * How to treat another set of nodes that is in use on some of these nodes, and that could grant what this set grants: a
   * process was left out when the nodes were changed. "warn", the default, warns; "allow" does not; "refuse" refuses every
   * acquisition with a MembershipMismatchError until no such set has been in use for three minutes.
   */
  readonly otherSets?: "warn" | "allow" | "refuse" | undefined;
  /** The Redis key of a resource is this prefix followed by the resource. Default "". */
  readonly prefix?: string | undefined;
  /** ms that a node may take to answer. Default: a quarter of the ttl, at most 1,000. */
  readonly nodeTimeout?: number | undefined;
  /**
   * ms that a node may take to connect and to be identified before the first acquisition continues without the node. A
   * connection that is not ready in that time is replaced. Default 5,000.
   */
  readonly connectTimeout?: number | undefined;
  /** The share of the ttl by which clocks may disagree. Default 0.01. */
  readonly driftFactor?: number | undefined;
  /** The label that other processes see as the holder: at most 128 characters, without "~". Default: `host:pid`. */
  readonly owner?: string | undefined;
  /**
   * Whether all commands to a node in one tick of the event loop are sent as one script call. Each command keeps its own
   * outcome. Default true.
   */
  readonly grouping?: boolean | undefined;
  /**
   * The maximum number of pending acquisitions, waiting ones included. Further acquisitions are refused with an
   * OverloadedError. Default 100,000.
   */
  readonly maxPending?: number | undefined;
  /**
   * The signals on which these locks close themselves, as `close()` does. Then the signal has its default effect, and the
   * process ends by it; but if the program has a listener of its own for the signal, the program decides. A second signal
   * ends the process at once, unless a listener of the program is left. Only in the main thread. Default: none.
   */
  readonly closeOn?: readonly ClosingSignal[] | undefined;
  /**
   * Which thread renews leases. "loop", the default: the thread that holds them, so a job that blocks its event loop for longer
   * than the ttl loses its lease. "worker": a worker thread has the connections, and renews the leases that the blocked thread
   * does not renew in time. `nodes` are then addresses, or modules that give clients: see {@link ClientModule}, and
   * docs/worker.md.
   */
  readonly renewal?: "loop" | "worker" | undefined;
  /**
   * ms for which the worker keeps the leases of a thread that answers nothing; then they are released, and lost with the reason
   * "stalled". At least the ttl; a lease with a longer ttl of its own is kept for that ttl. Only with `renewal: "worker"`.
   * Default 300,000, or the ttl if that is longer.
   */
  readonly stallLimit?: number | undefined;
  /**
   * How long a node abstains from voting after it lost its memory (it was restarted or flushed, its marker was evicted, or it
   * was a replica meanwhile). Use the same value in all processes that share the nodes.
   *
   * - "auto", the default: for the longest ttl, up to a minute, that a majority was ever asked for; until longer leases that
   *   are held have been released or have expired; and for at least four node timeouts. A single node votes at once. So does
   *   an entirely new set of nodes, with a warning.
   * - A number: for that many ms, also for a single node and a new set. 0 ends an abstention.
   * - False: the node votes at once. This is safe only if every write is on disk before the reply.
   */
  readonly quarantine?: QuarantineRule | undefined;
  /**
   * How to treat a node among several that cannot be identified (no INFO, no keys "holdfast:*"), and that could therefore be
   * the same server as another node. "warn", the default, warns once and lets the node vote; "allow" lets the node vote;
   * "refuse" fails its votes.
   */
  readonly unidentified?: "warn" | "allow" | "refuse" | undefined;
  /**
   * Whether these locks are published on the nodes' pub/sub channel "holdfast:life", so that `holdfast ui` and `holdfast watch`
   * show them with those of all other processes: names, states, owner labels and hashes, never a token. `stepsPerSecond`, an
   * integer from 1 to 10,000, default 200, limits the steps that are published one by one; beyond the limit, the states of
   * the locks are still published. Without a subscriber, one message is sent every 2 s. Default false.
   */
  readonly publish?: boolean | { readonly stepsPerSecond?: number | undefined } | undefined;
  /** Called with the error that a listener or callback threw, and the event's name. Default: a process warning. */
  readonly onListenerError?: ((error: unknown, event: string) => void) | undefined;
  /**
   * Receives a record of every event: pino, or another logger that takes an object and then a message. Normal operation is
   * logged at "debug", a lost quorum and failing nodes at "warn", a lost lease and an acquisition without a quorum at "error".
   */
  readonly logger?: Logger | undefined;
  /** Passed to every XState actor. `inspect` is a function or an observer, such as that of Stately's inspector. */
  readonly xstate?:
    | { readonly inspect?: ((event: InspectionEvent) => void) | InspectionObserver | undefined }
    | undefined;
  /** The clock, for tests and simulations. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** The source of randomness, for tests and simulations. Default: the system's source. */
  readonly random?: Random | undefined;
}

/** Groups of nodes: a list, or an object with the name of each group. A list has the names "1", "2" and so on. */
export type NodeGroups = readonly (readonly NodeInput[])[] | Readonly<Record<string, readonly NodeInput[]>>;

/** Options of `createLocks` for resources that are spread over several groups of nodes: see docs/groups.md. */
export interface GroupedLocksOptions extends Omit<LocksOptions, "nodes" | "groups" | "previous"> {
  /**
   * Each group is an independent set of nodes with a quorum of its own. A resource belongs to one group, chosen by its key and
   * the names of the groups. All processes must have the same names with the same nodes, and a list in the same order. Several
   * resources can be locked together if they are in one group: give them the same hash tag, as in "{order:7}:stock".
   */
  readonly groups: NodeGroups;
  /**
   * The groups before a change of their nodes, with the same names: as `previous` for one set of nodes. Groups cannot be added,
   * removed or renamed while processes run.
   */
  readonly previous?: NodeGroups | undefined;
  readonly nodes?: undefined;
}
