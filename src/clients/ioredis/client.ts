import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import type { ConnectionSource, Emitter } from "../connection-watch.js";
import type { Endpoint } from "../endpoint-examination.js";
import { NotReadyError } from "../failure.js";
import { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import { SingleClient } from "../single-client.js";
import type { IoredisClient, IoredisOwner, SendCommand } from "./library.js";
import { commandMaker, type MakeCommand, sendOwn } from "./own-command.js";
import { replaceIoredisConnection, withdrawOwnCommands } from "./replacement.js";
import { openIoredisSubscriber } from "./subscriber.js";

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

/** Null if the client opens its connections itself, by a Unix socket, a sentinel or a connector of its user. */
function endpointOf({ options }: IoredisClient): Endpoint | null {
  const { host = "localhost", port = 6379, path, sentinels, tls, Connector } = options;
  return path || sentinels || Connector ? null : { host, port, tls: Boolean(tls) };
}

export class IoredisScriptClient extends SingleClient implements ScriptClient {
  constructor(
    private readonly client: IoredisClient,
    owner: IoredisOwner = "user",
  ) {
    const duplicable = typeof client.duplicate === "function";
    super(
      { ...ioredisSource(client), endpoint: () => endpointOf(client) },
      duplicable ? (events) => openIoredisSubscriber(client, events) : null,
      ioredisConnection(client, "", owner),
    );
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
    if (this.client.status === "wait") {
      this.client.connect().catch((error: unknown) => this.connectFailed(error));
    }
    this.connectionNeeded();
  }
}

export interface IoredisConnection extends ScriptConnection {
  readonly unanswered: number;
  replace(cause: ReplacementCause): Replacement;
}

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
  const make = commandMaker(client);
  const checkReady = (script: string) => {
    if (!isReady(client)) throw new NotReadyError("not connected");
    own.add(script);
  };
  const stored = (keys: readonly string[], by: string) => (by === "" ? keys : keys.map((key) => by + key));
  const direct = (name: string, makeCommand: MakeCommand): ScriptCall => {
    return (script, keys, args) =>
      inFlight.addCall(() => {
        checkReady(script);
        // The client adds its prefix only to the commands that it makes.
        const prefixed = stored(keys, prefix + (client.options.keyPrefix ?? ""));
        return sendOwn(client, makeCommand(name, [script, String(keys.length), ...prefixed, ...args]));
      });
  };
  const scripted = (name: string): ScriptCall => {
    if (make !== null) return direct(name, make);
    const send = command(name);
    return (script, keys, args) =>
      inFlight.add(() => {
        checkReady(script);
        return send(script, keys.length, stored(keys, prefix), args);
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
    evalsha: scripted("evalsha"),
    eval: scripted("eval"),
    asking: () => {
      command("asking")().catch(() => {});
    },
    keepListening: (keep) => inFlight.keepListening(keep),
    replace: (cause) => replaceIoredisConnection(client, { inFlight, own, owner, cause }),
  };
}
