import type { LockMode } from "../engine/protocol/token.js";
import type { Holder } from "../engine/protocol/vote.js";
import type { LockEventMap } from "../lock/events.js";
import type { LockActor } from "../lock/lock-actor.js";
import type { AcquireOptions } from "../lock/options.js";
import type { ReleaseOutcome } from "../lock/release-outcome.js";
import type { UpgradeOptions } from "../lock/shared/upgrade-options.js";
import type { LockState } from "../machines/lock-state.js";
import type { NodeState } from "../machines/node-state.js";

export type { LockState, ReleaseOutcome };

/** The result of an acquisition: the right to use the resources until `validUntil` or until the release. */
export interface Lease extends AsyncDisposable {
  readonly resources: readonly string[];
  /** ms that the nodes keep the lock after a grant or a renewal. */
  readonly ttl: number;
  /** ms by which clocks may disagree. Already subtracted from the validity. */
  readonly drift: number;
  /** "shared": other shared leases may have the resources too. "exclusive", also after an upgrade: no other lease has them. */
  readonly mode: LockMode;
  /** Epoch ms at which the lease ends unless it is renewed. Use this value for display, and `remaining()` in code. */
  readonly validUntil: number;
  /**
   * Aborts when the lease is lost (LeaseExpiredError) or ended by `close()` (ManagerClosedError), but not when the lease is
   * released. A listener on the signal that refers to the lease keeps the lease alive, and so the lease is renewed.
   */
  readonly signal: AbortSignal;
  /** Returns the ms of validity left, by the less favourable of two clocks. 0 when the lease is over. */
  remaining(): number;
  /** Throws a LeaseExpiredError when the lease is over. */
  assertHeld(): void;
  /**
   * Renews the lease now, in addition to the automatic renewal. `ttl` (ms) also applies to later renewals. A `ttl` that is
   * shorter than the remaining validity does not shorten the lease.
   *
   * @throws LeaseExpiredError, QuorumUnavailableError, InvalidOptionError.
   */
  renew(ttl?: number): Promise<void>;
  /**
   * Makes a shared lease exclusive: waits until no other lease shares the resources, and keeps new ones out meanwhile. The
   * lease is held and renewed while it waits, and stays shared if the upgrade fails. With `fence: true`, the lease gets a
   * new, higher fence. Only one lease of a resource can wait for its upgrade: two would wait for each other.
   *
   * @throws UpgradeFailedError, LeaseExpiredError, InvalidOptionError, or the reason of `signal`.
   */
  upgrade(options?: UpgradeOptions): Promise<void>;
  /** Releases the lease. Never rejects. A second call returns the outcome of the first. */
  release(): Promise<ReleaseOutcome>;
  /**
   * Ends the lease here without releasing it. Another process can `adopt` the lease with the returned string before the
   * lease expires. The string contains the token, so treat it as a secret.
   *
   * @throws LeaseExpiredError when the lease is over.
   */
  handover(): string;
}

/** A lease that was acquired with `fence: true`. */
export interface FencedLease extends Lease {
  /** The fencing token. It grows from one lease of a resource to the next, even if a lease was never released. */
  readonly fence: number;
}

/** The type of the lease for these options. */
export type LeaseOf<Options> = Options extends { readonly fence: true } ? FencedLease : Lease;

/** A reusable state machine for one lock. A handle acquires nothing by itself. */
export interface Handle<Held extends Lease = Lease> {
  readonly resources: readonly string[];
  readonly state: LockState;
  /** The current lease, or null if none is held. */
  readonly lease: Held | null;
  /** The XState actor, for subscriptions and snapshots. Only the handle sends events to the actor. */
  readonly actor: LockActor;
  /** Acquires the lock. These options override the handle's. @throws HandleBusyError unless the handle is idle or expired. */
  acquire(options?: Omit<AcquireOptions, "fence" | "mode">): Promise<Held>;
  /** Releases the held lease, or aborts a pending acquisition. Never rejects. */
  release(): Promise<ReleaseOutcome>;
  on<Name extends keyof LockEventMap>(name: Name, listener: (event: LockEventMap[Name]) => void): this;
  once<Name extends keyof LockEventMap>(name: Name, listener: (event: LockEventMap[Name]) => void): this;
  off<Name extends keyof LockEventMap>(name: Name, listener: (event: LockEventMap[Name]) => void): this;
}

/** The report of one node about one resource. */
export interface NodeInspection {
  readonly node: string;
  readonly state: "held" | "free" | "failed";
  /** The node's state as this manager observed it. "quarantined": the node lost its memory and does not vote for a time. */
  readonly health: NodeState;
  /** Present while the node is quarantined. */
  readonly quarantine?: {
    /** Epoch ms at which the node votes again at the latest. Null if this is not known yet. */
    readonly until: number | null;
    /** Why the node is quarantined and what it waits for. */
    readonly cause: string;
  };
  /** Present when held. */
  readonly holder?: Holder;
  /** Present when failed. */
  readonly error?: string;
}

/** The reports of all nodes about one resource, and their summary. */
export interface Inspection {
  readonly resource: string;
  /** The name of the group of nodes that has the resource. Absent without groups. */
  readonly group?: string;
  /** Whether a quorum of nodes reports the same holder. Null when too few nodes answered to tell. */
  readonly held: boolean | null;
  /** The holder that a quorum reports, or null. */
  readonly holder: Holder | null;
  /**
   * Epoch ms until which the nodes keep the resource, although its holder has released it (`holdAtLeast`). Absent while the
   * resource is held or free.
   */
  readonly keptUntil?: number;
  readonly nodes: readonly NodeInspection[];
}
