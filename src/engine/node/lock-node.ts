import type { LockCommand } from "../protocol/command.js";
import type { Identification, MemoryChange } from "../protocol/memory.js";
import type { Answer, Holder } from "../protocol/vote.js";

/** A command on its way. */
export interface Request {
  readonly command: LockCommand;
  /** False once its caller gave it up: it is then not sent (again). */
  wanted(): boolean;
  /** Called once, with the node's reply or with what became of the command instead. Must not throw. */
  answered(reply: Reply): void;
}

/** Commands that travel together, in this order. One command's failure is never another's. */
export interface Batch {
  /** The mark of the server that these commands are meant for: without it nothing is granted. Null where there is none. */
  readonly mark: string | null;
  readonly requests: readonly Request[];
}

/** What one key looks like on a node: its holder, or null when it is free. */
export interface KeyReport {
  readonly key: string;
  readonly holder: Holder | null;
}

/** The reply to one request of a batch. Only "inspect" is answered by a report. */
export type Reply = Answer | { readonly kind: "report"; readonly keys: readonly KeyReport[] };

/**
 * `connecting`: was never ready yet, and may become so. `ready`: requests reach the server.
 * `down`: was ready before, or gave up; a request would only wait in the client's queue.
 */
export type Connection = "connecting" | "ready" | "down";

/**
 * The result of asking a node to replace its connection. `replacing`: the old connection has been ended and another one is
 * being opened. `busy`: other commands of the client's user are in flight on it and would be lost, so nothing was done.
 * `tooSoon`: it was replaced a moment ago. `impossible`: the client offers no means.
 */
export type Replacement = "replacing" | "busy" | "tooSoon" | "impossible";

/** Where a client puts its keys. Clients of one quorum must agree. */
export interface Keyspace {
  readonly prefix: string;
  readonly database: number;
}

/** What a subscription hears. None of these may throw; none is called before `subscribe` has returned. */
export interface SubscriptionListener {
  /** The subscription stands (again): what was published from now on is heard, what was published before may not have been. */
  subscribed(): void;
  /** It does not stand any more (connection lost, refused), or it cannot: nothing is heard until `standing` is called again. */
  unsubscribed(): void;
  message(message: string): void;
}

/**
 * One vote: a Redis server, or a whole Cluster or Sentinel group behind one client. The engine owns this
 * interface; each client of `src/clients` implements it, and so does the memory node.
 */
export interface LockNode {
  /** Shown in votes, events and errors: an address without credentials. */
  readonly name: string;
  /** Null where it cannot be known (a plain `{ set, eval }` client). */
  readonly keyspace: Keyspace | null;
  /** True for a Cluster: the keys of one command must share a hash slot. */
  readonly sharded: boolean;
  readonly connection: Connection;
  /** True where nothing is known of the connections: requests may travel on several, and arrive in any order. */
  readonly opaque?: boolean;
  /** What went wrong with the connection last, in words and without secrets; empty if nothing did since it was ready. */
  readonly trouble: string;
  /**
   * Called with every change of `connection`; `cause` says why it went down. Also called with "connecting" and a cause
   * when an attempt to connect failed. Returns the unsubscription.
   */
  watch(listener: (connection: Connection, cause?: Error) => void): () => void;
  /**
   * True where a request is written to the socket only in a later phase of the event loop (node-redis), and not before
   * `execute` has returned.
   */
  readonly writesLater?: boolean;
  /** Starts connecting a client that nobody connected yet; returns at once and never throws. */
  connect(): void;
  /**
   * Ends the present connection, established or half-way, and opens another one. Every request in flight is answered as
   * lost, and `connection` turns to "down" until the new one is ready. Never throws. May be missing: the same as
   * "impossible".
   */
  replaceConnection?(): Replacement;
  /**
   * Asks the server who it is and what it remembers, having left a new memory with it if there is a `change`. `id`: fresh,
   * to be left with a server that has none; "" leaves nothing. `age`: ms for which a lease must have been held already for its
   * `longLeft` to count; default 0, all of them. A node may let all of them count. Rejects if it cannot be asked.
   */
  identify(id: string, change: MemoryChange | null, age?: number): Promise<Identification>;
  /**
   * Sends the batch now, in order behind everything sent before, and answers each of its requests. Never throws: what
   * went wrong is a `failed` reply. Has no timeout of its own: the caller bounds the wait.
   */
  execute(batch: Batch): void;
  /**
   * Listens on a pub/sub channel, over a connection of its own that is opened with the first subscription and closed
   * with the last one, and survives reconnections. Null where the client offers none (then only polling remains).
   */
  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null;
  /**
   * Sends a message to all who subscribe to a pub/sub channel, and tells how many they are; in a Cluster only those at the
   * one server that was asked. Rejects if it cannot be sent; has no timeout. May be missing: then nothing is published there.
   */
  publish?(channel: string, message: string): Promise<number>;
  /** Closes the connection if this node opened it; leaves a client that the user passed alone. */
  close(): Promise<void>;
}
