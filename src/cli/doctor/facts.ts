import type { QuarantineRule } from "../../engine/node/abstention.js";
import type { SetUse } from "../../engine/protocol/set-record.js";
import type { EndedQuarantine } from "../admit/ended-quarantine.js";
import type { Finding } from "./finding.js";
import type { Info } from "./info.js";

/** Why a server could not be examined; checks/reachability.ts has the texts. */
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

/** A refusal in the server's own words. */
export interface Refusal {
  /** "NOPERM", "READONLY", …; "TIMEOUT" if no answer came; empty if the error has no server code. */
  readonly code: string;
  readonly message: string;
}

/** The answer to one question. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

/** One permission that Holdfast may need, and the result of trying it without effect. */
export interface Trial {
  readonly purpose: Purpose;
  /** What is tried: a command's name, or a pattern of keys or channels. */
  readonly needs: { readonly kind: "command" | "key" | "channel"; readonly name: string };
  /** Unknown: another permission was refused first. */
  readonly outcome: "allowed" | "forbidden" | "missing" | "unknown";
}

/** A node that does not vote: why, and for how many more ms. */
interface Abstention {
  readonly cause: string;
  readonly left: number;
}

/** What a permission is for. */
export type Purpose = "lock" | "identity" | "memory" | "sets" | "queue" | "wake" | "fence" | "publish";

/** The server's clock minus this machine's, in ms, plus or minus the uncertainty. */
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

/** Everything that one server answered. A withheld fact is a refusal, which the checks interpret. */
export interface Reached extends Place {
  readonly reached: true;
  /** The IP address at the other end; null if the socket does not report it. */
  readonly peer: string | null;
  /** The address has a password, but the server requires none. */
  readonly passwordUnneeded: boolean;
  /** Round trips in ms, in the order in which they were made. */
  readonly pings: readonly number[];
  readonly clock: ClockSample | null;
  readonly info: Answer<Info>;
  /** How many masters of the server's Cluster have slots; null if it is in none, or that is withheld. */
  readonly clusterSize: number | null;
  /** The values of CONFIG GET, as far as it was answered. */
  readonly config: ReadonlyMap<string, string>;
  /** A script that returns 1. */
  readonly script: Answer<unknown>;
  /** A write that changes nothing. */
  readonly write: Answer<unknown>;
  readonly trials: readonly Trial[];
  /** Whether the server has a marker of Holdfast's memory, from its present run. */
  readonly marker: Answer<boolean>;
  /** The protocol version of the server's memory, if it is later than the one that this Holdfast knows; null otherwise. */
  readonly newerVersion: number | null;
  /** The node's abstention because it lost its memory; null if it does not abstain, or if that is unknown. */
  readonly abstains: Abstention | null;
  /** Who ended an abstention of the node, and when; null if nobody did lately. */
  readonly admitted: EndedQuarantine | null;
  /** The sets of nodes that have used the server in the last minutes. */
  readonly sets: Answer<readonly SetUse[]>;
  /** The highest fence that the server has accepted; null if there is none, or it is withheld. */
  readonly watermark: number | null;
  /** False if the server fell silent before all questions were asked. */
  readonly complete: boolean;
}

export type NodeFacts = Reached | Unreached;

/** What the findings are measured against. */
export interface Standards {
  /** Number of nodes; after these come the nodes that are only in the previous set. */
  readonly nodes: number;
  /** The indices of the nodes of the previous set; null if the nodes are not being changed. */
  readonly previous: readonly number[] | null;
  /** Put before each resource. */
  readonly prefix: string;
  /** In ms. */
  readonly ttl: number;
  /** Time in ms within which a node must answer for its vote to count. */
  readonly nodeTimeout: number;
  /** The option of the same name. */
  readonly quarantine: QuarantineRule;
}

export type NodeCheck = (facts: Reached, standards: Standards) => Finding[];
export type SetCheck = (all: readonly NodeFacts[], standards: Standards) => Finding[];
