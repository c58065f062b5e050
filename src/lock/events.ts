import type { HeldHere } from "../engine/protocol/contention.js";
import type { LockMode } from "../engine/protocol/token.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { RetryReason } from "../engine/time/retry.js";
import type { ExpiryReason } from "../errors.js";

/** What all events have. */
interface GroupEvent {
  /** The name of the group of nodes. Absent without groups. */
  readonly group?: string;
}

interface LockEvent extends GroupEvent {
  /** The name of the event. */
  readonly type: keyof LockEvents;
  /** The resources that the lock covers. */
  readonly resources: readonly string[];
  /** Identifies one acquisition and its lease, from `acquiring` to the last event. This is not the token. */
  readonly acquisition: string;
  /** Epoch ms. */
  readonly time: number;
  /** The numbers of the permits of a semaphore, from `acquired` to the last event. Absent in the events of other locks. */
  readonly permits?: readonly number[];
  /** How a lock with `mode: "shared"` is held: "exclusive" once its lease is upgraded. Absent in the events of other locks. */
  readonly mode?: LockMode;
}

export interface AcquiringEvent extends LockEvent {
  readonly type: "acquiring";
}

export interface RetryingEvent extends LockEvent {
  readonly type: "retrying";
  /** The number of the failed attempt, from 1. */
  readonly attempt: number;
  /** ms until the next attempt. */
  readonly delay: number;
  readonly reason: RetryReason;
  readonly votes: readonly Vote[];
  /** The lease of the same manager that holds one of the resources. Absent if there is none. */
  readonly heldHere?: HeldHere;
}

export interface AcquiredEvent extends LockEvent {
  readonly type: "acquired";
  /** ms that the nodes keep the lock. */
  readonly ttl: number;
  /** ms by which clocks may disagree. Already subtracted from `validUntil`. */
  readonly drift: number;
  /** Epoch ms at which the lease ends unless it is renewed. */
  readonly validUntil: number;
  /** The fencing token. Present only with `fence: true`. */
  readonly fence?: number;
  /** ms from the call to the grant. */
  readonly waited: number;
  readonly attempt: number;
  readonly votes: readonly Vote[];
}

export interface RenewedEvent extends LockEvent {
  readonly type: "renewed";
  /** Epoch ms at which the lease now ends unless it is renewed again. */
  readonly validUntil: number;
  readonly votes: readonly Vote[];
}

/** A shared lease has become exclusive. */
export interface UpgradedEvent extends LockEvent {
  readonly type: "upgraded";
  /** Epoch ms at which the lease now ends unless it is renewed. */
  readonly validUntil: number;
  /** The fencing token of the exclusive lease. Present only with `fence: true`. */
  readonly fence?: number;
  /** ms from the call of `upgrade()`. */
  readonly waited: number;
  readonly attempt: number;
  readonly votes: readonly Vote[];
}

/** A renewal found no quorum. The lease is still valid, and renewal continues. */
export interface QuorumLostEvent extends LockEvent {
  readonly type: "quorumLost";
  readonly votes: readonly Vote[];
  /** ms of validity left. */
  readonly remaining: number;
}

/** The lease ended without a release. */
export interface ExpiredEvent extends LockEvent {
  readonly type: "expired";
  readonly reason: ExpiryReason;
  /** Epoch ms at which the lease ended. */
  readonly validUntil: number;
  /** ms between the end of the validity and this event. 0 if the lease was lost before its deadline. */
  readonly overdue: number;
}

export interface ReleasedEvent extends LockEvent {
  readonly type: "released";
  /** ms from the grant to the release. */
  readonly heldFor: number;
  /** Epoch ms until which the nodes keep the lock for the rest of `holdAtLeast`. Absent if the release freed the lock. */
  readonly keptUntil?: number;
  readonly votes: readonly Vote[];
}

/** The acquisition ended without a lease. */
export interface FailedEvent extends LockEvent {
  readonly type: "failed";
  /** A HoldfastError, or the reason of the signal that aborted the wait. */
  readonly error: unknown;
}

/** The events of a lock by name. A handle emits the events of its own lock, a manager emits those of all its locks. */
export interface LockEventMap {
  acquiring: AcquiringEvent;
  retrying: RetryingEvent;
  acquired: AcquiredEvent;
  renewed: RenewedEvent;
  upgraded: UpgradedEvent;
  quorumLost: QuorumLostEvent;
  expired: ExpiredEvent;
  released: ReleasedEvent;
  failed: FailedEvent;
}

/** The listeners of a lock's events. */
export type LockEvents = { [Name in keyof LockEventMap]: (event: LockEventMap[Name]) => void };

export interface NodeEvent extends GroupEvent {
  /** The name of the event. */
  readonly type: "nodeDown" | "nodeUp" | "nodeQuarantined";
  /** The node's name, such as an address without credentials. */
  readonly node: string;
  /** Epoch ms. */
  readonly time: number;
  /** Why the node is down or quarantined. Absent in `nodeUp`. */
  readonly cause?: string;
}

/** A node's connection was lost, or the node is no longer asked because it did not answer. */
export interface NodeDownEvent extends NodeEvent {
  readonly type: "nodeDown";
  readonly cause: string;
}

export interface NodeQuarantinedEvent extends NodeEvent {
  readonly type: "nodeQuarantined";
  /** Epoch ms at which the node votes again. Null while this is unknown because too few other nodes can be asked. */
  readonly until: number | null;
}

/** The node can be asked again, or votes again. */
export interface NodeUpEvent extends NodeEvent {
  readonly type: "nodeUp";
}

/** The events of a manager by name: those of its locks and those of its nodes. */
export interface ManagerEventMap extends LockEventMap {
  /** A node lost its memory and does not vote for a time. `nodeUp` follows when the node votes again. */
  nodeQuarantined: NodeQuarantinedEvent;
  nodeDown: NodeDownEvent;
  nodeUp: NodeUpEvent;
}

/** The listeners of a manager's events. */
export type ManagerEvents = { [Name in keyof ManagerEventMap]: (event: ManagerEventMap[Name]) => void };

/** Any event of a lock. Its `type` tells which: `if (event.type === "expired") event.reason`. */
export type AnyLockEvent = LockEventMap[keyof LockEventMap];

/** Any event of a manager: of its locks, or of its nodes. Its `type` tells which. */
export type AnyEvent = ManagerEventMap[keyof ManagerEventMap];

/** Returns the names as a list. The type of `names` ensures that none is missing. */
const listed = <Name extends string>(names: Readonly<Record<Name, true>>) => Object.keys(names) as Name[];

export const lockEvents: readonly (keyof LockEvents)[] = listed<keyof LockEvents>({
  acquiring: true,
  retrying: true,
  acquired: true,
  renewed: true,
  upgraded: true,
  quorumLost: true,
  expired: true,
  released: true,
  failed: true,
});

export const managerEvents: readonly (keyof ManagerEvents)[] = [
  ...lockEvents,
  ...listed<Exclude<keyof ManagerEvents, keyof LockEvents>>({
    nodeDown: true,
    nodeUp: true,
    nodeQuarantined: true,
  }),
];
