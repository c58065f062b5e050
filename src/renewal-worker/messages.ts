import type { Connection, Keyspace, Replacement, Reply } from "../engine/node/lock-node.js";
import type { LockCommand, QueuePlace } from "../engine/protocol/command.js";
import type { FailureReason, Vote } from "../engine/protocol/vote.js";
import type { Instant } from "../engine/time/clock.js";
import type { LocksOptions } from "../lock/options.js";

/** Where the worker gets a node: an address, or the URL of a module and the name of its export. */
export type NodeSource =
  | { readonly address: string; readonly option: string }
  | { readonly module: string; readonly export: string; readonly name: string; readonly option: string };

/** The options that the worker needs. All can be copied. */
export type WorkerOptions = Pick<
  LocksOptions,
  | "ttl"
  | "prefix"
  | "nodeTimeout"
  | "connectTimeout"
  | "driftFactor"
  | "grouping"
  | "quarantine"
  | "unidentified"
> & { readonly owner: string };

/** What the worker is started with. */
export interface WorkerStart {
  readonly nodes: readonly NodeSource[];
  readonly sets: readonly (readonly number[])[];
  readonly options: WorkerOptions;
  /** ms. */
  readonly stallLimit: number;
  /** One 32-bit word: how many postings the worker has handled, and written to its sockets. */
  readonly handled: SharedArrayBuffer;
}

/** A lease that is granted, for the worker. Instants are on the shared clock, see {@link SharedClock}. */
export interface LeaseRegistration {
  /** Unique among the leases of one thread. */
  readonly lease: number;
  readonly slot: number;
  readonly resources: readonly string[];
  readonly keys: readonly string[];
  readonly token: string;
  readonly grantedAt: Instant;
  readonly confirmedAt: Instant;
  /** ms that were granted first, and last. */
  readonly ttl: number;
  readonly lastTtl: number;
  /** ms. */
  readonly maxHold: number;
  readonly holdAtLeast: number;
  readonly renewBefore: number;
}

/** From the main thread to the worker. Several messages are one posting. `node`: its index. */
export type ToWorker =
  | { readonly type: "connect"; readonly node: number }
  | { readonly type: "replace"; readonly node: number }
  | {
      readonly type: "batch";
      readonly node: number;
      readonly mark: string | null;
      /** The first request has this number, the second the next one, and so on. */
      readonly first: number;
      readonly commands: readonly LockCommand[];
    }
  | {
      readonly type: "call";
      readonly call: number;
      readonly node: number;
      readonly method: "identify" | "recordSets" | "publish" | "close";
      readonly args: readonly unknown[];
    }
  | {
      readonly type: "subscribe";
      readonly node: number;
      readonly subscription: number;
      readonly channel: string;
    }
  | { readonly type: "unsubscribe"; readonly subscription: number }
  | { readonly type: "page"; readonly page: SharedArrayBuffer }
  | ({ readonly type: "keep" } & LeaseRegistration)
  /** The main thread has renewed these leases in one round. */
  | {
      readonly type: "confirmed";
      readonly leases: readonly number[];
      readonly start: Instant;
      readonly ttl: number;
    }
  /** The lease was upgraded with this place: it is to be renewed for its holder alone. */
  | { readonly type: "upgraded"; readonly lease: number; readonly place: QueuePlace }
  /** The lease is to be renewed no more, but ends at its deadline. */
  | { readonly type: "drop"; readonly lease: number }
  /** Nothing more is to be sent in the name of the lease. */
  | { readonly type: "end"; readonly lease: number }
  /** The lease is released, lost or handed over. */
  | { readonly type: "over"; readonly lease: number; readonly handedOver: boolean }
  /** Answers a message of the worker. */
  | { readonly type: "alive" };

export interface NodeStatus {
  readonly connection: Connection;
  readonly keyspace: Keyspace | null;
  readonly trouble: string;
  readonly troubleLasts: boolean;
  readonly sharded: boolean;
  readonly renewsEach: boolean;
  readonly opaque: boolean;
  readonly writesLater: boolean;
}

/** An error in the form in which it passes between threads. `lasting`: the reason, if the cause does not end by itself. */
export interface PassedError {
  readonly message: string;
  readonly lasting: FailureReason | null;
}

/** From the worker to the main thread. */
export type FromWorker =
  /** `cause`: undefined if the change has none. */
  | { readonly type: "node"; readonly node: number; readonly status: NodeStatus; readonly cause?: string }
  | { readonly type: "replaced"; readonly node: number; readonly outcome: Replacement }
  | { readonly type: "replies"; readonly replies: readonly (readonly [number, Reply])[] }
  | { readonly type: "result"; readonly call: number; readonly value: unknown }
  | { readonly type: "failure"; readonly call: number; readonly error: PassedError }
  | { readonly type: "subscribed" | "unsubscribed"; readonly subscription: number }
  | { readonly type: "message"; readonly subscription: number; readonly message: string }
  /** The worker has renewed the lease, because the main thread had not in time. */
  | { readonly type: "renewed"; readonly lease: number; readonly votes: readonly Vote[] }
  /** The slot of the lease says that it is lost. */
  | { readonly type: "lost"; readonly lease: number };
