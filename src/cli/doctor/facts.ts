import type { Finding } from "./finding.js";
import type { Info } from "./info.js";

/** Why no server could be examined; each has its words in checks/reachability.ts. */
export type EntryFailure =
  | "refused"
  | "unresolved"
  | "unroutable"
  | "noConnection"
  | "silent"
  | "closed"
  | "notRedis"
  | "noTls"
  | "tlsWanted"
  | "certificate"
  | "password"
  | "passwordMissing"
  | "database"
  | "loading"
  | "busy"
  | "refusing";

/** What the server would not do, in its own words. */
export interface Refusal {
  /** "NOPERM", "READONLY", …; "TIMEOUT" where no answer came, and empty where it is no code of a server's. */
  readonly code: string;
  readonly message: string;
}

/** What one question came to. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

/** One permission that Holdfast may need, and what came of trying it without effect. */
export interface Trial {
  readonly purpose: Purpose;
  /** What is tried: a command's name, or a pattern of keys or channels. */
  readonly needs: { readonly kind: "command" | "key" | "channel"; readonly name: string };
  /** Unknown: something else was refused before it came to this. */
  readonly outcome: "allowed" | "forbidden" | "missing" | "unknown";
}

/** What a permission is for. */
export type Purpose = "lock" | "identity" | "memory" | "queue" | "wake" | "fence";

/** The server's clock less this machine's, in ms, give or take the uncertainty. */
export interface ClockSample {
  readonly offset: number;
  readonly uncertainty: number;
}

interface Place {
  /** The address without credentials. */
  readonly node: string;
  readonly database: number;
}

export interface Unreached extends Place {
  readonly reached: false;
  readonly failure: EntryFailure;
  /** In words, without anything that was sent. */
  readonly message: string;
}

/** All that one server told. What it would not tell is a refusal; checks make of it what they can. */
export interface Reached extends Place {
  readonly reached: true;
  /** The IP address at the other end; null if the socket does not tell. */
  readonly peer: string | null;
  /** An address has a password, and the server wants none. */
  readonly passwordUnneeded: boolean;
  /** Round trips in ms, in the order in which they were made. */
  readonly pings: readonly number[];
  readonly clock: ClockSample | null;
  readonly info: Answer<Info>;
  /** CONFIG GET, as far as it was answered. */
  readonly config: ReadonlyMap<string, string>;
  /** A script that returns 1. */
  readonly script: Answer<unknown>;
  /** A write that changes nothing. */
  readonly write: Answer<unknown>;
  readonly trials: readonly Trial[];
  /** Whether the marker of Holdfast's memory is there. */
  readonly marker: Answer<boolean>;
  /** ms for which it is still to abstain, because it lost its memory; null if it is not, or if that cannot be known. */
  readonly abstains: number | null;
  /** False if it fell silent before all was asked. */
  readonly complete: boolean;
}

export type NodeFacts = Reached | Unreached;

/** What the findings are measured against. */
export interface Standards {
  /** How many there are. */
  readonly nodes: number;
  /** Put before each resource. */
  readonly prefix: string;
  /** ms */
  readonly ttl: number;
  /** ms in which a node must answer for its vote to count. */
  readonly nodeTimeout: number;
}

export type NodeCheck = (facts: Reached, standards: Standards) => Finding[];
export type SetCheck = (all: readonly NodeFacts[], standards: Standards) => Finding[];
