import type { Connection, Keyspace, Replacement, SubscriptionListener } from "../engine/node/lock-node.js";
import type { ConnectionListener } from "./connection-listeners.js";
import type { ReplacementCause } from "./replacement.js";

/** One connection to one server, as far as scripts need it. */
export interface ScriptConnection {
  /** Whether a call is written to the server now, instead of being queued by the client. */
  readonly ready: boolean;
  /**
   * Sends EVALSHA now, behind everything sent before. Rejects, or throws, with the client's error. Settles at the
   * latest when the connection is lost. Null if the client offers only EVAL.
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

/** An adapter for one library's client, used by the Redis node. */
export interface ScriptClient {
  readonly name: string;
  readonly keyspace: Keyspace | null;
  readonly sharded: boolean;
  readonly connection: Connection;
  /** Why the client is not ready, as far as known; else empty. */
  readonly trouble: string;
  /** Whether the trouble does not end by itself. Default false. */
  readonly troubleLasts?: boolean;
  /**
   * Called after a script's reply was invalid or the script was refused. Finds out whether the client can run scripts
   * at all. Resolves to true if the call may succeed now. @throws LastingError if no call on this client can succeed.
   */
  examine?(): Promise<boolean>;
  watch(listener: ConnectionListener): () => void;
  /** True if nothing is known about the connections. */
  readonly opaque?: boolean;
  /** True if the client writes a call in a later phase of the event loop. */
  readonly writesLater?: boolean;
  /** Starts connecting; never throws, never rejects. */
  connect(): void;
  /**
   * Ends the present connection and opens another one; see {@link LockNode.replaceConnection}. A silent connection is
   * kept while other commands of the client's user are in flight on it. A connection to a wrong server is not: those
   * commands fail anyway, and the client repeats or rejects the unanswered ones, as after any lost connection. May
   * throw.
   */
  replaceConnection?(cause: ReplacementCause): Replacement;
  /** Closes the connections that this adapter opened. */
  close(): Promise<void>;
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
