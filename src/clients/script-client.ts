import type { Connection, Keyspace, Replacement, SubscriptionListener } from "../engine/node/lock-node.js";
import type { ConnectionListener } from "./connection-listeners.js";
import type { ReplacementCause } from "./replacement.js";

/** One connection to one server, as far as scripts need it. */
export interface ScriptConnection {
  /** Whether a call made now is written to the server, rather than kept by the client for later. */
  readonly ready: boolean;
  /**
   * Sends EVALSHA now, behind everything sent before. Rejects, or throws, with what the client says. It settles when
   * the connection is lost, at the latest. Null where the client offers EVAL only.
   */
  readonly evalsha: ScriptCall | null;
  /** The same for EVAL. */
  readonly eval: ScriptCall;
  /** Cluster: lets the next call through to a slot that this server is only just importing. */
  asking?(): void;
  /** Another value after each reconnection; the same one for ever where the client does not tell. */
  readonly session?: unknown;
  /** How many calls have been sent and are not answered yet. */
  readonly unanswered?: number;
  /** Ends the present connection, so that the client opens another one; see {@link ScriptClient.replaceConnection}. */
  replace?(cause: ReplacementCause): Replacement;
}

/** `script` is the text of the script, or its SHA-1. */
export type ScriptCall = (
  script: string,
  keys: readonly string[],
  args: readonly string[],
) => Promise<unknown>;

/** What one library's client must offer to be a node; implemented once per library, used by the Redis node. */
export interface ScriptClient {
  readonly name: string;
  readonly keyspace: Keyspace | null;
  readonly sharded: boolean;
  readonly connection: Connection;
  /** Why it isn't ready, as far as it is known; else empty. */
  readonly trouble: string;
  watch(listener: ConnectionListener): () => void;
  /** True where nothing is known of the connections. */
  readonly opaque?: boolean;
  /** True where a call is written in a later phase of the event loop. */
  readonly writesLater?: boolean;
  /** Starts connecting; never throws, never rejects. */
  connect(): void;
  /**
   * Ends the present connection and opens another one, as {@link LockNode.replaceConnection} says. Other commands of the
   * client's user protect a silent connection, but not one that leads to a wrong server: there they fail anyway, and what
   * has not been answered is sent again, or refused, as the client does when a connection is lost. May throw.
   */
  replaceConnection?(cause: ReplacementCause): Replacement;
  /** Closes what was opened here. */
  close(): Promise<void>;
  /** Where calls about this key go: null while there is no connection, a promise while it is being opened. */
  route(key: string): ScriptConnection | null | Promise<ScriptConnection | null>;
  /** Listens on a pub/sub channel, as a node does; absent, or null, where the client cannot. */
  subscribe?(channel: string, listener: SubscriptionListener): (() => void) | null;
  /** Cluster: learns who has which slots now, this key's from its owner's address if it is known; never rejects. */
  refresh?(key: string, owner: string): Promise<void>;
  /** Cluster: the connection to the server at "host:port", null if it is unknown. */
  at?(address: string): ScriptConnection | null | Promise<ScriptConnection | null>;
  /** Cluster: opens a connection to a server that the client itself does not know, or not yet. */
  open?(address: string): Promise<ScriptConnection | null>;
}
