import type { RoundView } from "../feed/frames.js";

/**
 * `lost`: a lease ended other than by a release. `quorumLost`: a renewal found no quorum. `overlap`: two leases of one
 * resource were valid at the same time. `membership`: two processes lock on different nodes.
 */
export type IncidentKind =
  | "lost"
  | "quorumLost"
  | "nodeDown"
  | "nodeBack"
  | "quarantined"
  | "silent"
  | "overlap"
  | "membership";

/** Something that an operator asks about afterwards, and why it happened. */
export interface Incident {
  /** Unique. The same frames give the same ids, wherever they are aggregated. */
  readonly id: string;
  readonly kind: IncidentKind;
  /** Epoch ms by the clock of the process that reported it. */
  readonly time: number;
  /** The manager of locks that reported it, and its owner label. */
  readonly source: string;
  readonly owner: string;
  /** The id of the lock; null if the incident is about a node or a process. */
  readonly lock: string | null;
  /** What that lock locks, as its view names it; empty if the incident is about a node or a process. */
  readonly resources: readonly string[];
  /** The name of the node; null if the incident is about a lock or a process. */
  readonly node: string | null;
  /** One sentence with the time (UTC), the owner and the cause. Contains foreign text, clipped. */
  readonly text: string;
  /** The votes of the round that went wrong, and those of the last round that had a quorum. */
  readonly round: RoundView | null;
  readonly lastGood: RoundView | null;
}

/** What an incident that is about a node or a process says of locks. */
export const aboutNoLock = { lock: null, resources: [], round: null, lastGood: null } as const;

/** Maximum number of characters of a sentence, and of a name in it. */
export const maxTextLength = 1_000;
export const maxNameLength = 80;

/** "19:48:07 UTC". `time`: epoch ms. */
export const utcClock = (time: number): string => `${new Date(time).toISOString().slice(11, 19)} UTC`;
