import type { Connection, Keyspace, WakeListener } from "../engine/node.js";
import type { ConnectionListener } from "./listeners.js";

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
  /** Starts connecting; never throws, never rejects. */
  connect(): void;
  /** Closes what was opened here. */
  close(): Promise<void>;
  /** Where calls about this key go: null while there is no connection, a promise while it is being opened. */
  route(key: string): ScriptConnection | null | Promise<ScriptConnection | null>;
  /** Listens on a pub/sub channel, as a node does; absent, or null, where the client cannot. */
  subscribe?(channel: string, listener: WakeListener): (() => void) | null;
  /** Cluster: learns who has this key's slot now; never rejects. */
  refresh?(key: string): Promise<void>;
  /** Cluster: the connection to the server at "host:port", null if it is unknown. */
  at?(address: string): ScriptConnection | null | Promise<ScriptConnection | null>;
}
