import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import type { ConnectionSource, Emitter } from "../connection-watch.js";
import { NotReadyError } from "../failure.js";
import { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { replaceIoredisConnection, withdrawOwnCommands } from "./replacement.js";
import { openIoredisSubscriber } from "./subscriber.js";

type SendCommand = (...args: unknown[]) => Promise<unknown>;

export interface QueuedCommand {
  readonly name: string;
  readonly args: readonly unknown[];
}

interface CommandQueue {
  readonly length: number;
  peekAt(index: number): { readonly command: QueuedCommand } | undefined;
  remove(index: number, count: number): unknown;
}

/** The part of an ioredis client that is used here: versions 4 to 6. Sentinel mode uses the same class. */
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
    readonly retryStrategy?: unknown;
  };
  readonly condition?: { readonly select?: number } | null | undefined;
  readonly stream?: { readonly writable?: boolean; destroy?(): unknown } | null | undefined;
  /** Commands that were written and are not answered yet, in order. */
  readonly commandQueue?: CommandQueue | undefined;
  /** Unanswered commands that the client sends again on the next connection. */
  readonly prevCommandQueue?: CommandQueue | null | undefined;
  connect(): Promise<unknown>;
  disconnect?(reconnect: boolean): void;
  flushQueue?(error: Error, queues: { readonly offlineQueue: boolean }): void;
  duplicate?(overrides: object): unknown;
  /**
   * Commands created by this method are written at once, even if the client batches others (`enableAutoPipelining`).
   */
  createBuiltinCommand(name: string): { readonly string: SendCommand };
}

/** After a half-closed connection the status lags behind: ioredis would queue a command instead of sending it. */
const isReady = (client: Pick<IoredisClient, "status" | "stream">): boolean =>
  client.status === "ready" && client.stream?.writable !== false;

/** How ioredis' Redis and Cluster report their state. A Cluster has no stream. */
export const ioredisSource = (
  client: Emitter & Pick<IoredisClient, "status" | "stream">,
): ConnectionSource => ({
  emitter: client,
  events: ["connecting", "connect", "ready", "close", "reconnecting", "end"],
  errors: ["error"],
  throwsUnhandled: false,
  read: () => {
    if (isReady(client)) return "ready";
    if (client.status === "wait") return "fresh";
    return client.status === "end" ? "over" : "trying";
  },
});

export class IoredisScriptClient extends UserClient implements ScriptClient {
  readonly sharded = false;
  readonly #connection: IoredisConnection;

  constructor(
    private readonly client: IoredisClient,
    owner: IoredisOwner = "user",
  ) {
    const duplicable = typeof client.duplicate === "function";
    super(ioredisSource(client), duplicable ? (events) => openIoredisSubscriber(client, events) : null);
    this.#connection = ioredisConnection(client, "", owner);
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

  replaceConnection(cause: ReplacementCause): Replacement {
    const replacement = this.#connection.replace(cause);
    if (replacement === "replacing") this.reopenSubscriptions();
    return replacement;
  }

  route(): ScriptConnection {
    return this.#connection;
  }
}

export interface IoredisConnection extends ScriptConnection {
  readonly unanswered: number;
  replace(cause: ReplacementCause): Replacement;
}

/** Who owns the connection; see {@link replaceIoredisConnection}. */
export type IoredisOwner = "user" | "holdfast" | "cluster";

/** `prefix` is added to the keys if the client does not add a prefix itself. */
export function ioredisConnection(
  client: IoredisClient,
  prefix = "",
  owner: IoredisOwner = "user",
): IoredisConnection {
  const own = new Set<unknown>();
  const inFlight = new InFlight(client, ["close"], () => {
    withdrawOwnCommands(client, own);
    return true;
  });
  const command = (name: string): SendCommand => client.createBuiltinCommand(name).string.bind(client);
  const scripted = (send: SendCommand): ScriptCall => {
    return (script, keys, args) =>
      inFlight.add(() => {
        if (!isReady(client)) throw new NotReadyError("not connected");
        own.add(script);
        const stored = prefix === "" ? keys : keys.map((key) => prefix + key);
        return send(script, keys.length, stored, args);
      });
  };
  return {
    get ready() {
      return isReady(client);
    },
    get session() {
      return client.stream;
    },
    get unanswered() {
      return inFlight.size;
    },
    evalsha: scripted(command("evalsha")),
    eval: scripted(command("eval")),
    asking: () => {
      command("asking")().catch(() => {});
    },
    replace: (cause) => replaceIoredisConnection(client, { inFlight, own, owner, cause }),
  };
}
