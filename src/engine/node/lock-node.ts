import type { AsyncContext } from "../../support/async-context.js";
import type { LockCommand } from "../protocol/command.js";
import type { Identification, MemoryChange } from "../protocol/memory.js";
import type { SetRecord } from "../protocol/set-record.js";
import type { Answer, Holder } from "../protocol/vote.js";

/** A command that is to be sent, or is in flight. */
export interface Request {
  readonly command: LockCommand;
  /**
   * The asynchronous context of the caller, in which a call for this request alone is to be made; null or undefined if
   * there is none.
   */
  readonly caller?: AsyncContext | null;
  /** False once the caller gave the command up: the command must then not be sent (again). */
  wanted(): boolean;
  /** Called once, with the node's reply, or with the reason why there is none. Must not throw. */
  answered(reply: Reply): void;
}

/** Commands that are sent together, in this order. The failure of one command does not affect the others. */
export interface Batch {
  /**
   * The mark of the server that these commands are meant for. A server without this mark grants nothing. Null if no
   * mark is checked.
   */
  readonly mark: string | null;
  readonly requests: readonly Request[];
}

/** The state of one key on a node: its holder, or null if the key is free. */
export interface KeyReport {
  readonly key: string;
  readonly holder: Holder | null;
}

/**
 * The reply to one request of a batch. Only "inspect" is answered with a report. `partly` answers "renewEach": every key was
 * renewed, except for those at the positions `others`, which are counted from 0.
 */
export type Reply =
  | Answer
  | { readonly kind: "report"; readonly keys: readonly KeyReport[] }
  | { readonly kind: "partly"; readonly others: readonly number[] };

/**
 * `connecting`: the connection was never ready, and may become ready. `ready`: requests reach the server. `down`: the
 * connection was ready before, or connecting was given up; a request would only wait in the client's queue.
 */
export type Connection = "connecting" | "ready" | "down";

/**
 * The result of replacing a node's connection. `replacing`: the old connection has been closed and a new one is being
 * opened. `busy`: nothing was done, because commands of the client's user are in flight on the connection and would be
 * lost. `tooSoon`: the connection was replaced a moment ago. `impossible`: the client cannot replace its connection.
 */
export type Replacement = "replacing" | "busy" | "tooSoon" | "impossible";

/** Where a client stores its keys. The clients of one quorum must agree. */
export interface Keyspace {
  readonly prefix: string;
  readonly database: number;
}

/** Receives the events of a subscription. No method may throw; none is called before `subscribe` has returned. */
export interface SubscriptionListener {
  /**
   * The subscription is active (again): messages that are published from now on are delivered; earlier messages may
   * have been missed.
   */
  subscribed(): void;
  /**
   * The subscription is not active (connection lost, refused, or not possible): no message is delivered until
   * `subscribed` is called again.
   */
  unsubscribed(): void;
  message(message: string): void;
}

/**
 * A node has one vote: a Redis server, or a whole Cluster or Sentinel group behind one client. The engine owns this
 * interface; each client in `src/clients` implements it, and so does the memory node.
 */
export interface LockNode {
  /** Appears in votes, events and errors: an address without credentials. */
  readonly name: string;
  /** Null if the keyspace cannot be known (a plain `{ set, eval }` client). */
  readonly keyspace: Keyspace | null;
  /**
   * True for a Cluster: the keys of one command must share a hash slot. May change with an identification, which finds out the
   * mode of the server.
   */
  readonly sharded: boolean;
  /** Whether the node takes "renewEach". Default false: each lease is then renewed by a command of its own. */
  readonly renewsEach?: boolean;
  readonly connection: Connection;
  /**
   * True if nothing is known of the connections: requests may use several of them, and arrive in any order. Default
   * false.
   */
  readonly opaque?: boolean;
  /**
   * The latest problem of the connection, as text without secrets; empty if there was none since the connection became
   * ready.
   */
  readonly trouble: string;
  /**
   * Whether the trouble does not end by itself (a wrong password), so that callers need not wait for the connection.
   * Default false.
   */
  readonly troubleLasts?: boolean;
  /**
   * Calls `listener` with every change of `connection`; `cause` tells why the connection went down. Also calls
   * `listener` with "connecting" and a cause when an attempt to connect failed. Returns a function that removes the
   * listener.
   */
  watch(listener: (connection: Connection, cause?: Error) => void): () => void;
  /**
   * True if a request is written to the socket only in a later phase of the event loop (node-redis), and not before
   * `execute` returns. Default false.
   */
  readonly writesLater?: boolean;
  /** Starts connecting a client that is not connected yet. Returns at once and never throws. */
  connect(): void;
  /**
   * Closes the current connection, established or not, and opens a new one. Every request in flight is answered as
   * lost, and `connection` changes to "down" until the new connection is ready. Never throws. Optional: a missing
   * method means "impossible".
   */
  replaceConnection?(): Replacement;
  /**
   * Asks for the identity and the memory of the server, after storing a new memory there if there is a `change`. `id`:
   * a fresh id to store on a server that has none; "" stores nothing. `age`: the minimum age in ms of the long leases
   * that `longLeft` covers; default 0, which covers all of them. A node may ignore `age` and cover all of them. Rejects
   * if the server cannot be asked.
   */
  identify(id: string, change: MemoryChange | null, age?: number): Promise<Identification>;
  /**
   * Records that these sets of nodes use the server, unless `sets` is "", and resolves to all sets that have used it in the
   * last minutes. `former`: the description that `sets` replaces, or "". `watermark`: raises the highest fence of the server
   * to this number, if the server has one. Rejects if the server cannot be asked, or stores nothing beside the locks.
   * Optional: without this method, other sets that use the node go unnoticed.
   */
  recordSets?(sets: string, former: string, watermark: number): Promise<SetRecord>;
  /**
   * Sends the batch now, in order, after everything sent before, and answers each of its requests. Never throws: a
   * problem becomes a `failed` reply. Has no timeout of its own: the caller limits the wait.
   */
  execute(batch: Batch): void;
  /**
   * Subscribes to a pub/sub channel, over a separate connection that is opened with the first subscription, is closed
   * with the last one, and survives reconnections. Returns a function that ends the subscription, or null if the client
   * offers no subscriptions (then only polling remains).
   */
  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null;
  /**
   * Publishes a message to a pub/sub channel. Resolves to the number of subscribers that received it; in a Cluster, to
   * the number at the one server that was asked. Rejects if the message cannot be sent; has no timeout. Optional:
   * without this method nothing is published at this node.
   */
  publish?(channel: string, message: string): Promise<number>;
  /** Closes the connection if this node opened it. A client that the user passed stays open. */
  close(): Promise<void>;
}
