import type { Keyspace } from "../../engine/node/lock-node.js";
import type { ConnectionSource } from "../connection-watch.js";
import { NotReadyError } from "../failure.js";
import { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import { SingleClient } from "../single-client.js";
import type { NodeRedis3Client } from "./v3-library.js";
import { replaceNodeRedis3Connection } from "./v3-replacement.js";
import { openNodeRedis3Subscriber } from "./v3-subscriber.js";

/** A client that is not ready would queue a command. */
const isReady = (client: NodeRedis3Client): boolean => client.ready && client.stream?.writable !== false;

const source = (client: NodeRedis3Client): ConnectionSource => ({
  emitter: client,
  events: ["connect", "ready", "reconnecting", "end"],
  errors: ["error"],
  throwsUnhandled: true,
  read: () => {
    if (isReady(client)) return "ready";
    return client.closing ? "over" : "trying";
  },
  endpoint: () => {
    const { host, port } = client.connection_options ?? {};
    // A client over a Unix socket, or over a stream of its user, has neither.
    if (host === undefined || port === undefined) return null;
    return { host, port: Number(port), tls: Boolean(client.options?.tls) };
  },
});

export class NodeRedis3ScriptClient extends SingleClient implements ScriptClient {
  constructor(private readonly client: NodeRedis3Client) {
    const duplicable = typeof client.duplicate === "function";
    super(
      source(client),
      duplicable ? (events) => openNodeRedis3Subscriber(client, events) : null,
      connectionOf(client),
    );
  }

  get name(): string {
    return this.client.address ?? "localhost:6379";
  }

  get keyspace(): Keyspace {
    const { options, selected_db } = this.client;
    return { prefix: options?.prefix ?? "", database: Number(selected_db ?? options?.db ?? 0) };
  }

  /** The client connects by itself. */
  connect(): void {
    this.connectionNeeded();
  }
}

function connectionOf(client: NodeRedis3Client) {
  const own = new Set<unknown>();
  const inFlight = new InFlight(client, ["error", "end"], () => !isReady(client));
  const scripted = (command: "evalsha" | "eval"): ScriptCall => {
    return (script, keys, args) =>
      inFlight.add(() => {
        if (!isReady(client)) throw new NotReadyError("not connected");
        own.add(script);
        return new Promise((resolve, reject) => {
          client[command]([script, String(keys.length), ...keys, ...args], (error, reply) =>
            error ? reject(error) : resolve(reply),
          );
        });
      });
  };
  return {
    get ready() {
      return isReady(client);
    },
    get session() {
      return client.stream;
    },
    evalsha: scripted("evalsha"),
    eval: scripted("eval"),
    keepListening: (keep: boolean) => inFlight.keepListening(keep),
    replace: (cause: ReplacementCause) => replaceNodeRedis3Connection(client, inFlight, own, cause),
  } satisfies ScriptConnection;
}
