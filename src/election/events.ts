import type { DeposedReason } from "../errors.js";

interface ElectionEvent {
  /** The name of the event. */
  readonly type: keyof ElectionEvents;
  /** The name of the election. */
  readonly election: string;
  /** Epoch ms. */
  readonly time: number;
}

/** A campaign began: the candidate asks for the leadership, and waits for it if somebody else leads. */
export interface CampaigningEvent extends ElectionEvent {
  readonly type: "campaigning";
}

interface TermEvent extends ElectionEvent {
  /** The number of the term, counted from 1 for each candidate. */
  readonly term: number;
  /** The fencing token. Present only with `fence: true`. */
  readonly fence?: number;
}

/** The candidate leads. */
export interface ElectedEvent extends TermEvent {
  readonly type: "elected";
  /** Epoch ms at which the term ends unless the lease is renewed. */
  readonly validUntil: number;
}

/** The candidate leads no longer. */
export interface DeposedEvent extends TermEvent {
  readonly type: "deposed";
  readonly reason: DeposedReason;
  /** ms from the grant to the end of the leadership. */
  readonly ledFor: number;
  /** With the reason "failed": what `onElected` threw, or rejected with. */
  readonly error?: unknown;
}

/** The campaign ended without a term. The candidate campaigns again. */
export interface CampaignFailedEvent extends ElectionEvent {
  readonly type: "failed";
  /** A HoldfastError. */
  readonly error: unknown;
  /** ms until the next campaign. */
  readonly delay: number;
}

/** The events of an election by name, as its candidate in this process sees it. */
export interface ElectionEventMap {
  campaigning: CampaigningEvent;
  elected: ElectedEvent;
  deposed: DeposedEvent;
  failed: CampaignFailedEvent;
}

/** The listeners of an election's events. */
export type ElectionEvents = { [Name in keyof ElectionEventMap]: (event: ElectionEventMap[Name]) => void };

/** Any event of an election. Its `type` tells which. */
export type AnyElectionEvent = ElectionEventMap[keyof ElectionEventMap];

/** The type of the record ensures that no name is missing. */
const names: Readonly<Record<keyof ElectionEvents, true>> = {
  campaigning: true,
  elected: true,
  deposed: true,
  failed: true,
};

export const electionEvents = Object.keys(names) as (keyof ElectionEvents)[];
