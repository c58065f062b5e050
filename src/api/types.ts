import type { Holder } from "../engine/protocol/vote.js";
import type { LockEvents, ManagerEvents } from "../lock/events.js";
import type { LockActor } from "../lock/lock-actor.js";
import type { AcquireOptions } from "../lock/options.js";
import type { ReleaseOutcome } from "../lock/release-outcome.js";
import type { LockState } from "../machines/lock-state.js";
import type { NodeState } from "../machines/node-state.js";

export type { LockState, ReleaseOutcome };

/** What an acquisition yields: the right to act on its resources until `validUntil`, or until it is released. */
export interface Lease extends AsyncDisposable {
  readonly resources: readonly string[];
  /** ms. */
  readonly ttl: number;
  /** ms; already taken off the validity. */
  readonly drift: number;
  /** Epoch ms, to be shown. Code asks `remaining()`. */
  readonly validUntil: number;
  /**
   * Aborted when the lease is lost (LeaseExpiredError) or taken back by `close()` (ManagerClosedError); not by its own
   * release. A listener on it that refers to the lease keeps the lease alive, and so renewed.
   */
  readonly signal: AbortSignal;
  /** ms of validity left by the worse of two clocks; 0 when the lease is over. */
  remaining(): number;
  /** Throws a LeaseExpiredError when the lease is over. */
  assertHeld(): void;
  /**
   * Renews now, besides the automatic renewal. `ttl` (ms) also holds for the renewals to come; one that is shorter than
   * what is left takes nothing away. Rejects with LeaseExpiredError or QuorumUnavailableError.
   */
  renew(ttl?: number): Promise<void>;
  /** Never rejects. Idempotent: a second call gives the first one's outcome. */
  release(): Promise<ReleaseOutcome>;
  /**
   * Ends the lease here without releasing it. The string lets another process `adopt` it before it expires;
   * it contains the token, so treat it as a secret.
   */
  handover(): string;
}

/** A lease that was asked for with `fence: true`. */
export interface FencedLease extends Lease {
  /** Grows from one lease of a resource to the next, also when this one was never released. */
  readonly fence: number;
}

/** The lease that these options give. */
export type LeaseOf<Options> = Options extends { readonly fence: true } ? FencedLease : Lease;

/** One state machine, reusable: acquires nothing by itself. */
export interface Handle<Held extends Lease = Lease> {
  readonly resources: readonly string[];
  readonly state: LockState;
  /** The current lease, null when none is held. */
  readonly lease: Held | null;
  /** The XState actor: subscribe to it, take its snapshot. It is the handle's to drive. */
  readonly actor: LockActor;
  /** Options given here win over the handle's. @throws HandleBusyError unless the handle is idle or expired. */
  acquire(options?: Omit<AcquireOptions, "fence">): Promise<Held>;
  release(): Promise<ReleaseOutcome>;
  on<Name extends keyof LockEvents>(name: Name, listener: LockEvents[Name]): this;
  once<Name extends keyof LockEvents>(name: Name, listener: LockEvents[Name]): this;
  off<Name extends keyof LockEvents>(name: Name, listener: LockEvents[Name]): this;
}

/** What one node tells about one resource. */
export interface NodeInspection {
  readonly node: string;
  readonly state: "held" | "free" | "failed";
  /** How the node itself is, by this manager's experience; "quarantined": it lost its memory, and does not vote for a time. */
  readonly health: NodeState;
  /** Present while it is quarantined. */
  readonly quarantine?: {
    /** Epoch ms at which it votes again at the latest; null if nobody can tell yet. */
    readonly until: number | null;
    /** Why, and what it waits for. */
    readonly cause: string;
  };
  /** Present when held. */
  readonly holder?: Holder;
  /** Present when failed. */
  readonly error?: string;
}

export interface Inspection {
  readonly resource: string;
  /** Whether a quorum of nodes reports the same holder; null where the nodes that failed could make the difference. */
  readonly held: boolean | null;
  /** That holder. */
  readonly holder: Holder | null;
  readonly nodes: readonly NodeInspection[];
}

type Job<Held extends Lease, T> = (lease: Held) => T | Promise<T>;

/** What `createLocks` gives. */
export interface Locks extends AsyncDisposable {
  /**
   * Acquires one resource, or several at once: all of them or none.
   *
   * @throws LockContendedError, QuorumUnavailableError, AcquireTimeoutError, DuplicateNodeError, InvalidOptionError,
   * ManagerClosedError, or the reason of `signal`.
   */
  acquire<Options extends AcquireOptions = AcquireOptions>(
    resources: string | readonly string[],
    options?: Options,
  ): Promise<LeaseOf<Options>>;
  /** One attempt. Null only when somebody else holds it; without a quorum it throws. */
  tryAcquire<Options extends AcquireOptions = AcquireOptions>(
    resources: string | readonly string[],
    options?: Options,
  ): Promise<LeaseOf<Options> | null>;
  /**
   * Acquires, runs the job, releases. What comes out is the job's value or error, also when the lease was lost under it:
   * `onLost` has run then, and `lease.signal` is aborted.
   */
  using<T>(resources: string | readonly string[], job: Job<Lease, T>): Promise<T>;
  using<T, Options extends AcquireOptions>(
    resources: string | readonly string[],
    options: Options,
    job: Job<LeaseOf<Options>, T>,
  ): Promise<T>;
  /** One state machine, to be used again and again; acquires nothing by itself. */
  handle<Options extends AcquireOptions = AcquireOptions>(
    resources: string | readonly string[],
    options?: Options,
  ): Handle<LeaseOf<Options>>;
  /** Takes over a lease that another process handed over: a new lease with a token of its own. */
  adopt<Options extends AcquireOptions = AcquireOptions>(
    handover: string,
    options?: Options,
  ): Promise<LeaseOf<Options>>;
  /**
   * Connects to all nodes and identifies them, so that the first acquisition need not wait for that. Not needed before it.
   * `timeout`: ms, the `connectTimeout` by default. Nodes that cannot be reached yet are tried again until it is over.
   *
   * @throws NodesNotReadyError, which names each node that could not be connected or identified, and why;
   * DuplicateNodeError, ManagerClosedError.
   */
  ready(options?: { readonly timeout?: number }): Promise<void>;
  /** Asks every node who holds the resource. Changes nothing. */
  inspect(resource: string): Promise<Inspection>;
  /**
   * Refuses new acquisitions, ends those that wait (ManagerClosedError), releases what is held and aborts the signals
   * of jobs that still run. Waits for the releases for at most `timeout` ms, 5,000 by default, also for those that a
   * client has refused and that are tried again; stops every timer, and closes only connections that were opened here.
   */
  close(options?: { readonly timeout?: number }): Promise<void>;
  on<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this;
  once<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this;
  off<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this;
}
