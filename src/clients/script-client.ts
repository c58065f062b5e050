import type { Connection, Keyspace, Replacement, SubscriptionListener } from "../engine/node/lock-node.js";
import type { ConnectionListener } from "./connection-listeners.js";
import type { ReplacementCause } from "./replacement.js";

/** One connection to one server, as far as scripts need it. A client over HTTP counts as one connection. */
export interface ScriptConnection {
  /** Whether a call is written to the server now, instead of being queued by the client. */
  readonly ready: boolean;
  /**
   * Sends EVALSHA now, behind everything sent before. Resolves to the server's reply, with arrays as arrays. Rejects, or
   * throws, with the client's error, whose message begins with the server's code, such as "NOSCRIPT". Settles at the
   * latest when the connection is lost. Null if the client offers only EVAL: each call then carries the whole script.
   */
  readonly evalsha: ScriptCall | null;
  /** The same for EVAL. */
  readonly eval: ScriptCall;
  /** Cluster: permits the next call on a slot that this server is still importing. */
  asking?(): void;
  /** Changes with each reconnection; constant or undefined if the client does not show its sessions. */
  readonly session?: unknown;
  /** How many calls have been sent and are not answered yet. */
  readonly unanswered?: number;
  /** Whether the connection's listeners stay attached between calls. Default false. */
  keepListening?(keep: boolean): void;
  /** Ends the present connection, so that the client opens another one; see {@link ScriptClient.replaceConnection}. */
  replace?(cause: ReplacementCause): Replacement;
}

/** `script` is the text of the script, or its SHA-1. */
export type ScriptCall = (
  script: string,
  keys: readonly string[],
  args: readonly string[],
) => Promise<unknown>;

/** An adapter for one library's client; `redisNode` makes a node of it. */
export interface ScriptClient {
  /** Appears in votes, events and errors: an address without credentials. */
  readonly name: string;
  /** What the client puts in front of keys, and its database. Null if that cannot be known. */
  readonly keyspace: Keyspace | null;
  /** True for a Cluster: keys are grouped by hash slot, and each call goes to the server of its slot. Default false. */
  readonly sharded?: boolean;
  /** The present state. A client that does not show its state is always "ready". */
  readonly connection: Connection;
  /** Why the client is not ready, as far as known; else empty. Default empty. */
  readonly trouble?: string;
  /** Whether the trouble does not end by itself. Default false. */
  readonly troubleLasts?: boolean;
  /**
   * Called after a script's reply was invalid or the script was refused. Finds out whether the client can run scripts
   * at all. Resolves to true if the call may succeed now. @throws LastingError if no call on this client can succeed.
   */
  examine?(): Promise<boolean>;
  /**
   * Calls `listener` with every change of `connection`; `cause` tells why the connection went down. Returns a function that
   * removes the listener.
   */
  watch(listener: ConnectionListener): () => void;
  /**
   * True if nothing is known about the connections: calls may use several of them, or another server after a reconnection
   * that the client does not show. Default false.
   */
  readonly opaque?: boolean;
  /** True if the client writes a call in a later phase of the event loop. Default false. */
  readonly writesLater?: boolean;
  /** Starts connecting; never throws, never rejects. Absent if the client connects by itself. */
  connect?(): void;
  /**
   * Ends the present connection and opens another one; see {@link LockNode.replaceConnection}. A silent connection is
   * kept while other commands of the client's user are in flight on it. A connection to a wrong server is not: those
   * commands fail anyway, and the client repeats or rejects the unanswered ones, as after any lost connection. May
   * throw.
   */
  replaceConnection?(cause: ReplacementCause): Replacement;
  /** Closes the connections that this adapter opened. Absent if there are none. */
  close?(): Promise<void>;
  /** The connection for calls on this key: null while there is no connection, a promise while one is being opened. */
  route(key: string): ScriptConnection | null | Promise<ScriptConnection | null>;
  /** Subscribes to a pub/sub channel, as in LockNode; absent or null if the client cannot. */
  subscribe?(channel: string, listener: SubscriptionListener): (() => void) | null;
  /** Cluster: fetches the slot table, after setting the key's owner if its address is known; never rejects. */
  refresh?(key: string, owner: string): Promise<void>;
  /** Cluster: the connection to the server at "host:port"; null if the client does not know the server. */
  at?(address: string): ScriptConnection | null | Promise<ScriptConnection | null>;
  /** Cluster: opens a connection to a server that the client does not know (yet). */
  open?(address: string): Promise<ScriptConnection | null>;
}
