import type { QuarantineRule } from "../../engine/node/abstention.js";
import type { ClockError } from "./clocks.js";
import type { FaultClass } from "./fault-class.js";
import type { MembershipChange } from "./membership-change.js";
import type { ClientBehaviour, NetworkPath } from "./network-path.js";
import type { Memory, Refusing } from "./server.js";

export interface PermitsWanted {
  readonly semaphore: string;
  /** The number of permits that the semaphore has. */
  readonly number: number;
  readonly weight: number;
}

/** One independent action of a program. */
export interface Action {
  readonly kind: "acquire" | "try" | "using" | "handle" | "inspect" | "redlock" | "elect";
  readonly resources: readonly string[];
  /** The permits to acquire from a semaphore, in place of the resources. */
  readonly permits?: PermitsWanted;
  /** ms. */
  readonly ttl: number;
  /** ms. */
  readonly wait: number;
  readonly fence: boolean;
  readonly fair: boolean;
  readonly renew: boolean;
  /** ms. */
  readonly maxHold: number | null;
  /** ms. */
  readonly holdAtLeast?: number;
  /** Default: exclusive. */
  readonly mode?: "shared";
  /** The program asks to become the writer `after` ms. `wait`: in ms. */
  readonly upgrade?: { readonly after: number; readonly wait: number };
  /** Whether the acquisition sets its own `retry` options. */
  readonly policy: boolean;
  /** How long the lease is held, in ms. */
  readonly hold: number;
  /** A renewal by the program. `after`: the delay in ms. `ttl`: in ms, null for the current TTL. */
  readonly extend: { readonly after: number; readonly ttl: number | null } | null;
  /** The number of successive renewals by the program. */
  readonly renewals: number;
  /** When the caller aborts, in ms. */
  readonly abortAfter: number | null;
  /** How the lease ends. `heir`: index of the program that adopts the lease `after` ms later. */
  readonly end: "release" | "forget" | { readonly heir: number; readonly after: number };
}

/** A fault; `for` is its duration in ms. */
export type Fault =
  | { readonly kind: "crash"; readonly node: number; readonly for: number; readonly memory: Memory }
  | { readonly kind: "flush"; readonly node: number }
  /** The node becomes a replica of an empty server, and then a master again; its connections stay. */
  | { readonly kind: "replicate"; readonly node: number; readonly for: number }
  | { readonly kind: "hang"; readonly node: number; readonly for: number }
  | { readonly kind: "nodeStep"; readonly node: number; readonly by: number }
  | { readonly kind: "nodePause"; readonly node: number; readonly for: number }
  | { readonly kind: "reset"; readonly host: number; readonly node: number }
  | {
      readonly kind: "cut";
      readonly host: number;
      readonly nodes: readonly number[];
      readonly there: boolean;
      readonly back: boolean;
      readonly for: number;
      /** Whether the connection is broken when the cut ends; otherwise the held messages are delivered. */
      readonly breaks: boolean;
    }
  /** The connection is half-open from now on. */
  | { readonly kind: "halfOpen"; readonly host: number; readonly nodes: readonly number[] }
  /** The client's queue is full. */
  | { readonly kind: "full"; readonly host: number; readonly node: number; readonly for: number }
  | { readonly kind: "scriptFlush"; readonly node: number }
  | { readonly kind: "refuse"; readonly node: number; readonly why: Refusing; readonly for: number }
  | { readonly kind: "stall"; readonly host: number; readonly for: number }
  /** Each tick of the event loop takes `turn` ms. */
  | { readonly kind: "lag"; readonly host: number; readonly turn: number; readonly for: number }
  | { readonly kind: "suspend"; readonly host: number; readonly for: number }
  | { readonly kind: "wallStep"; readonly host: number; readonly by: number }
  | { readonly kind: "die"; readonly host: number; readonly for: number }
  | { readonly kind: "close"; readonly host: number; readonly for: number };

export type Step =
  | { readonly at: number; readonly host: number; readonly action: Action }
  | { readonly at: number; readonly fault: Fault };

export interface HostPlan {
  readonly clockError: ClockError;
  readonly path: NetworkPath;
  readonly client: ClientBehaviour;
  /** When the process starts, in ms of true time. */
  readonly startsAt: number;
  /** ms. */
  readonly nodeTimeout: number;
  /** ms. */
  readonly connectTimeout: number;
  readonly grouping: boolean;
  /** Whether the process runs a foreign client, which implements only the Redlock specification. */
  readonly foreign: boolean;
}

/** Everything that determines a run. */
export interface Script {
  readonly seed: number;
  readonly faults: FaultClass;
  readonly nodes: readonly ClockError[];
  /** Whether the nodes are new, so that no client has used them. */
  readonly cold: boolean;
  readonly quarantine: QuarantineRule;
  /** The change of the nodes during the run, if there is one. */
  readonly change?: MembershipChange;
  /** The nodes of a second group, as indices. The nodes of the first group are those of `change`. Absent without groups. */
  readonly otherGroup?: readonly number[];
  readonly hosts: readonly HostPlan[];
  readonly resources: readonly string[];
  /** Ordered by time. */
  readonly steps: readonly Step[];
  /** The true time in ms after which no step begins. */
  readonly end: number;
}
