import type { Keyspace } from "../engine/node.js";
import { NotReadyError } from "./failure.js";
import { InFlight } from "./in-flight.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "./script-client.js";
import { UserClient } from "./user-client.js";
import { openIoredisSubscriber } from "./wake/ioredis-subscriber.js";
import type { ConnectionSource, Emitter } from "./watch.js";

type SendCommand = (...args: unknown[]) => Promise<unknown>;

/** What is used of an ioredis client, versions 5 and 6; Sentinel mode is the same class. */
export interface IoredisClient extends Emitter {
  readonly status: string;
  readonly options: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly path?: string | undefined;
    readonly db?: number | undefined;
    readonly keyPrefix?: string | undefined;
    readonly sentinels?: readonly unknown[] | null | undefined;
    readonly name?: string | undefined;
  };
  readonly condition?: { readonly select?: number } | null | undefined;
  readonly stream?: { readonly writable?: boolean } | null | undefined;
  connect(): Promise<unknown>;
  duplicate?(overrides: object): unknown;
  /** Commands made by it are written at once, also when the client collects others (`enableAutoPipelining`). */
  createBuiltinCommand(name: string): { readonly string: SendCommand };
}

/** After a half-closed connection the status lags behind: what is sent then would be kept by the client. */
const isReady = (client: Pick<IoredisClient, "status" | "stream">): boolean =>
  client.status === "ready" && client.stream?.writable !== false;

/** How both ioredis' Redis and its Cluster, which has no stream, tell their state. */
export const ioredisSource = (
  client: Emitter & Pick<IoredisClient, "status" | "stream">,
): ConnectionSource => ({
  emitter: client,
  events: ["connecting", "connect", "ready", "close", "reconnecting", "end"],
  errors: ["error"],
  throwsUnheard: false,
  read: () => {
    if (isReady(client)) return "ready";
    if (client.status === "wait") return "fresh";
    return client.status === "end" ? "over" : "trying";
  },
});

export class IoredisScriptClient extends UserClient implements ScriptClient {
  readonly sharded = false;
  readonly #connection: ScriptConnection;

  constructor(private readonly client: IoredisClient) {
    const duplicable = typeof client.duplicate === "function";
    super(ioredisSource(client), duplicable ? (events) => openIoredisSubscriber(client, events) : null);
    this.#connection = ioredisConnection(client);
  }

  get name(): string {
    const { host = "localhost", port = 6379, path, sentinels, name } = this.client.options;
    if (sentinels) return `sentinel:${name}`;
    return path ?? `${host}:${port}`;
  }

  get keyspace(): Keyspace {
    const { options, condition } = this.client;
    return { prefix: options.keyPrefix ?? "", database: condition?.select ?? options.db ?? 0 };
  }

  connect(): void {
    if (this.client.status === "wait") this.client.connect().catch(() => {});
  }

  route(): ScriptConnection {
    return this.#connection;
  }
}

/** `prefix` is put before the keys where the client does not do that itself. */
export function ioredisConnection(client: IoredisClient, prefix = ""): ScriptConnection {
  const inFlight = new InFlight(client, ["close"], () => true);
  const command = (name: string): SendCommand => client.createBuiltinCommand(name).string.bind(client);
  const scripted = (send: SendCommand): ScriptCall => {
    return (script, keys, args) =>
      inFlight.add(() => {
        if (!isReady(client)) throw new NotReadyError("not connected");
        const stored = prefix === "" ? keys : keys.map((key) => prefix + key);
        return send(script, keys.length, stored, args);
      });
  };
  return {
    get ready() {
      return isReady(client);
    },
    evalsha: scripted(command("evalsha")),
    eval: scripted(command("eval")),
    asking: () => {
      command("asking")().catch(() => {});
    },
  };
}
