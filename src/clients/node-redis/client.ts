import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import type { ConnectionSource, Emitter } from "../connection-watch.js";
import { NotReadyError } from "../failure.js";
import { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import { SingleClient } from "../single-client.js";
import type { NodeRedisClient } from "./library.js";
import { replaceNodeRedisConnection } from "./replacement.js";
import { openNodeRedisSubscriber } from "./subscriber.js";

/**
 * Returns the client behind the objects of `createClient`, `withTypeMapping` and the like, which inherit from it.
 * Removing a listener through such an object, or removing the last listener here, makes Node start a new listener table
 * for that one object while the other keeps the old table. Therefore one listener stays attached, for an event that is
 * never emitted.
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
  throwsUnhandled: true,
  read: () => {
    if (client.isReady) return "ready";
    return client.isOpen ? "trying" : "fresh";
  },
  endpoint: () => {
    const { host = "localhost", port = 6379, path, tls = false } = client.options?.socket ?? {};
    return path === undefined ? { host, port, tls } : null;
  },
});

export class NodeRedisScriptClient extends SingleClient implements ScriptClient {
  readonly writesLater = true;

  private readonly client: NodeRedisClient;

  constructor(client: NodeRedisClient) {
    const duplicable = typeof client.duplicate === "function";
    super(
      source(underlying(client)),
      duplicable ? (events) => openNodeRedisSubscriber(underlying(client), events) : null,
      nodeRedisConnection(client, () => client._keyPrefix ?? ""),
    );
    this.client = underlying(client);
  }

  get name(): string {
    const { host = "localhost", port = 6379, path } = this.client.options?.socket ?? {};
    return path ?? `${host}:${port}`;
  }

  /** The database of the options: a later SELECT is not visible. */
  get keyspace(): Keyspace {
    return { prefix: this.client._keyPrefix ?? "", database: this.client.options?.database ?? 0 };
  }

  connect(): void {
    if (!this.client.isOpen) this.client.connect().catch((error: unknown) => this.connectFailed(error));
    this.connectionNeeded();
  }
}

export interface NodeRedisConnection extends ScriptConnection {
  readonly unanswered: number;
  replace(cause: ReplacementCause): Replacement;
}

/**
 * Sends raw commands, so that type mappings and reply transformations do not matter; therefore the prefix is added to
 * the keys here. A command that is still unwritten when the connection breaks is withdrawn by an abort signal: the
 * client would keep it for the next connection.
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
          // Disables the client's own timeout: the caller bounds the wait.
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
    keepListening: (keep) => inFlight.keepListening(keep),
    replace: (cause) => replaceNodeRedisConnection(client, inFlight, cause),
  };
}
