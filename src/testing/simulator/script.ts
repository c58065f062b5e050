import type { QuarantineRule } from "../../engine/node/abstention.js";
import type { ClockError } from "./clocks.js";
import type { ClientBehaviour, NetworkPath } from "./link.js";
import type { Memory, Refusing } from "./server.js";

/**
 * `inBounds`: whatever the rules of safety allow for. `beyond`: what breaks their assumptions too; then leases may
 * overlap, and are counted, but fences must hold.
 */
export type FaultClass = "inBounds" | "beyond";

/** What a program does at one time, on its own. */
export interface Action {
  readonly kind: "acquire" | "try" | "using" | "handle" | "inspect" | "redlock";
  readonly resources: readonly string[];
  /** ms. */
  readonly ttl: number;
  readonly wait: number;
  readonly fence: boolean;
  readonly fair: boolean;
  readonly renew: boolean;
  readonly maxHold: number | null;
  /** Retries by a policy of its own. */
  readonly policy: boolean;
  /** ms for which it is kept. */
  readonly hold: number;
  /** ms after which it is renewed by hand, and for how long. */
  readonly extend: { readonly after: number; readonly ttl: number | null } | null;
  /** How often it is renewed by hand in a row, one after the other. */
  readonly renewals: number;
  /** ms after which the caller gives up. */
  readonly abortAfter: number | null;
  /** How it ends; `heir`: the program that adopts it, so many ms later. */
  readonly end: "release" | "forget" | { readonly heir: number; readonly after: number };
}

/** What goes wrong at one time, and for how many ms. */
export type Fault =
  | { readonly kind: "crash"; readonly node: number; readonly for: number; readonly memory: Memory }
  | { readonly kind: "flush"; readonly node: number }
  /** It is made a replica of an empty server, and a master again; its connections stay. */
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
      /** Whether the connection is given up in the end; otherwise what was held arrives. */
      readonly breaks: boolean;
    }
  /** The connection is half-open from now on. */
  | { readonly kind: "halfOpen"; readonly host: number; readonly nodes: readonly number[] }
  /** The client takes no more requests. */
  | { readonly kind: "full"; readonly host: number; readonly node: number; readonly for: number }
  | { readonly kind: "scriptFlush"; readonly node: number }
  | { readonly kind: "refuse"; readonly node: number; readonly why: Refusing; readonly for: number }
  | { readonly kind: "stall"; readonly host: number; readonly for: number }
  /** The event loop is busy for `turn` ms of each turn. */
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
  /** ms of true time at which it begins. */
  readonly startsAt: number;
  readonly nodeTimeout: number;
  /** ms. */
  readonly connectTimeout: number;
  readonly grouping: boolean;
  /** Not ours: follows the Redlock specification by hand. */
  readonly foreign: boolean;
}

/** All that one run is made of, together with its seed. */
export interface Script {
  readonly seed: number;
  readonly faults: FaultClass;
  readonly nodes: readonly ClockError[];
  /** Whether the nodes are new: nobody has used them before. */
  readonly cold: boolean;
  readonly quarantine: QuarantineRule;
  readonly hosts: readonly HostPlan[];
  readonly resources: readonly string[];
  /** By time. */
  readonly steps: readonly Step[];
  /** ms of true time after which nothing new begins. */
  readonly end: number;
}
