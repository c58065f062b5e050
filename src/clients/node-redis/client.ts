import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import type { ConnectionSource, Emitter } from "../connection-watch.js";
import { NotReadyError } from "../failure.js";
import { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { replaceNodeRedisConnection } from "./replacement.js";
import { openNodeRedisSubscriber } from "./subscriber.js";

/** What is used of a node-redis client (`createClient`), versions 4 to 6. */
export interface NodeRedisClient extends Emitter {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: {
    readonly socket?: {
      readonly host?: string;
      readonly port?: number;
      readonly path?: string;
      readonly reconnectStrategy?: unknown;
    };
    readonly database?: number;
    readonly pingInterval?: number | undefined;
  };
  /** Grows with each connection; from version 5 on. */
  readonly socketEpoch?: number;
  readonly _keyPrefix?: string;
  connect(): Promise<unknown>;
  destroy?(): unknown;
  /** When all is answered; from version 5 on. */
  close?(): unknown;
  duplicate?(overrides: object): unknown;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
  /** What waits to be written or to be answered: from version 5.11 on, and how much that is from 5.12 on. */
  _getQueue?(): { readonly pendingCount?: number; flushWaitingForReply(error: Error): void };
}

/**
 * The client behind what `createClient`, `withTypeMapping` and the like give, which are objects that inherit from it.
 * Listeners must not be removed through those, nor the last one here: Node would start a new table of listeners
 * for the one object, and the other would go on with the old one. Hence one that stays, for an event that never comes.
 */
export function underlying<Client extends Emitter>(client: Client): Client {
  const { _self = client } = client as { _self?: Client };
  if (!anchored.has(_self)) {
    anchored.add(_self);
    _self.on("holdfast:anchor", () => {});
  }
  return _self;
}

const anchored = new WeakSet<object>();

const source = (client: NodeRedisClient): ConnectionSource => ({
  emitter: client,
  events: ["connect", "ready", "reconnecting", "terminated"],
  errors: ["error"],
  closed: "end",
  throwsUnheard: true,
  read: () => {
    if (client.isReady) return "ready";
    return client.isOpen ? "trying" : "fresh";
  },
});

export class NodeRedisScriptClient extends UserClient implements ScriptClient {
  readonly sharded = false;
  readonly writesLater = true;
  readonly #connection: NodeRedisConnection;

  private readonly client: NodeRedisClient;

  constructor(client: NodeRedisClient) {
    const duplicable = typeof client.duplicate === "function";
    super(
      source(underlying(client)),
      duplicable ? (events) => openNodeRedisSubscriber(underlying(client), events) : null,
    );
    this.client = underlying(client);
    this.#connection = nodeRedisConnection(client, () => client._keyPrefix ?? "");
  }

  get name(): string {
    const { host = "localhost", port = 6379, path } = this.client.options?.socket ?? {};
    return path ?? `${host}:${port}`;
  }

  /** A later SELECT is not readable: the database is the one of the options. */
  get keyspace(): Keyspace {
    return { prefix: this.client._keyPrefix ?? "", database: this.client.options?.database ?? 0 };
  }

  connect(): void {
    if (!this.client.isOpen) this.client.connect().catch(() => {});
  }

  replaceConnection(cause: ReplacementCause): Replacement {
    const replacement = this.#connection.replace(cause);
    if (replacement === "replacing") this.reopenWakeLine();
    return replacement;
  }

  route(): ScriptConnection {
    return this.#connection;
  }
}

export interface NodeRedisConnection extends ScriptConnection {
  readonly unanswered: number;
  replace(cause: ReplacementCause): Replacement;
}

/**
 * Raw commands, so that type mappings and reply transformations don't matter; hence the prefix is put before the keys
 * here. What is not written yet when the connection breaks is withdrawn by a signal: the client would keep it for
 * the next connection.
 */
export function nodeRedisConnection(given: NodeRedisClient, prefix: () => string): NodeRedisConnection {
  const client = underlying(given);
  const inFlight = new InFlight(client, ["error", "end"], () => !client.isReady);
  const scripted = (command: string): ScriptCall => {
    return (script, keys, args) => {
      const withdrawal = new AbortController();
      return inFlight.add(
        () => {
          if (!client.isReady) throw new NotReadyError("not connected");
          const stored = keys.map((key) => prefix() + key);
          // No timeout of the client's own: the caller bounds the wait.
          const options = { abortSignal: withdrawal.signal, timeout: undefined, typeMapping: {} };
          return client.sendCommand([command, script, String(keys.length), ...stored, ...args], options);
        },
        () => withdrawal.abort(),
      );
    };
  };
  return {
    get ready() {
      return client.isReady;
    },
    evalsha: scripted("EVALSHA"),
    eval: scripted("EVAL"),
    get session() {
      return client.socketEpoch;
    },
    get unanswered() {
      return inFlight.size;
    },
    asking: () => {
      inFlight.add(() => client.sendCommand(["ASKING"])).catch(() => {});
    },
    replace: (cause) => replaceNodeRedisConnection(client, inFlight, cause),
  };
}
