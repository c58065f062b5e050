import type { Vote } from "../engine/protocol/vote.js";
import type { RetryReason } from "../engine/time/retry.js";
import type { ExpiryReason } from "../errors.js";

interface LockEvent {
  /** What the lock is of. */
  readonly resources: readonly string[];
  /** Names one acquisition of one handle, from `acquiring` to its end. Not the token. */
  readonly acquisition: string;
  /** Epoch ms. */
  readonly time: number;
}

export interface AcquiringEvent extends LockEvent {}

export interface RetryingEvent extends LockEvent {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** ms until the next one. */
  readonly delay: number;
  readonly reason: RetryReason;
  readonly votes: readonly Vote[];
}

export interface AcquiredEvent extends LockEvent {
  /** ms. */
  readonly ttl: number;
  /** ms that clocks may disagree by; already taken off `validUntil`. */
  readonly drift: number;
  /** Epoch ms. */
  readonly validUntil: number;
  /** Only with `fence: true`. */
  readonly fence?: number;
  /** ms from the call to the grant. */
  readonly waited: number;
  readonly attempt: number;
  readonly votes: readonly Vote[];
}

export interface RenewedEvent extends LockEvent {
  /** Epoch ms. */
  readonly validUntil: number;
  readonly votes: readonly Vote[];
}

/** A renewal found no quorum. The lease still runs, and renewal goes on. */
export interface QuorumLostEvent extends LockEvent {
  readonly votes: readonly Vote[];
  /** ms of validity left. */
  readonly remaining: number;
}

/** The lease is over without having been released. */
export interface ExpiredEvent extends LockEvent {
  readonly reason: ExpiryReason;
  /** Epoch ms: when the lease ended. */
  readonly validUntil: number;
  /** ms between the end of the validity and this event; 0 where the lease was lost before its deadline. */
  readonly overdue: number;
}

export interface ReleasedEvent extends LockEvent {
  /** ms from the grant to the release. */
  readonly heldFor: number;
  readonly votes: readonly Vote[];
}

/** The acquisition ended without a lease. */
export interface FailedEvent extends LockEvent {
  /** A HoldfastError, or the reason of the signal that aborted the wait. */
  readonly error: unknown;
}

/** What a lock tells, on its handle and on the manager. */
export interface LockEvents {
  acquiring: (event: AcquiringEvent) => void;
  retrying: (event: RetryingEvent) => void;
  acquired: (event: AcquiredEvent) => void;
  renewed: (event: RenewedEvent) => void;
  quorumLost: (event: QuorumLostEvent) => void;
  expired: (event: ExpiredEvent) => void;
  released: (event: ReleasedEvent) => void;
  failed: (event: FailedEvent) => void;
}

export interface NodeEvent {
  /** The node's name: an address without credentials. */
  readonly node: string;
  /** Epoch ms. */
  readonly time: number;
  /** Why it is down; missing where it is up. */
  readonly cause?: string;
}

/** A node's connection was lost, or it is not asked any more because it was silent. */
export interface NodeDownEvent extends NodeEvent {
  readonly cause: string;
}

export interface NodeQuarantinedEvent extends NodeEvent {
  /** Epoch ms at which it votes again; null while nobody can tell, because too few of the others can be asked. */
  readonly until: number | null;
}

/** What the manager tells besides. */
export interface ManagerEvents extends LockEvents {
  /** It lost its memory, and does not vote for a time; `nodeUp` when it does again. */
  nodeQuarantined: (event: NodeQuarantinedEvent) => void;
  nodeDown: (event: NodeDownEvent) => void;
  nodeUp: (event: NodeEvent) => void;
}

/** A list in which none can be missing. */
const listed = <Name extends string>(names: Readonly<Record<Name, true>>) => Object.keys(names) as Name[];

export const lockEvents: readonly (keyof LockEvents)[] = listed<keyof LockEvents>({
  acquiring: true,
  retrying: true,
  acquired: true,
  renewed: true,
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
