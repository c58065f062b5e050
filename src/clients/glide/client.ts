import type { Keyspace } from "../../engine/node/lock-node.js";
import { probeKey } from "../../engine/protocol/side-keys.js";
import { ProbedScriptClient } from "../probed-client.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import { serverError } from "./errors.js";
import { type GlideClient, type GlideCommandOptions, stringDecoder } from "./library.js";
import { openGlideSubscriber } from "./subscriber.js";

/**
 * Valkey GLIDE, standalone or a Cluster. GLIDE reconnects, follows redirections and ends late calls itself
 * (`requestTimeout`, 250 ms by default), and has no events for any of this. A thread of the library writes.
 */
export class GlideScriptClient extends ProbedScriptClient implements ScriptClient {
  readonly #connection: ScriptConnection;

  constructor(
    private readonly client: GlideClient,
    readonly sharded: boolean,
  ) {
    super(
      {
        read: () => (client.isClosed === true ? "over" : "ready"),
        ping: () => this.#send(["PING"], sharded ? "randomNode" : undefined),
      },
      // Earlier versions subscribe only while they are created.
      typeof client.subscribe === "function" ? (events) => openGlideSubscriber(client, events) : null,
    );
    const isReady = () => this.connection === "ready";
    this.#connection = {
      get ready() {
        return isReady();
      },
      evalsha: this.#scripted("EVALSHA"),
      eval: this.#scripted("EVAL"),
    };
  }

  get name(): string {
    const { host = "localhost", port = 6379 } = this.client.config?.addresses?.[0] ?? {};
    return `${this.sharded ? "cluster:" : ""}${host}:${port}`;
  }

  get keyspace(): Keyspace {
    return { prefix: "", database: this.client.config?.databaseId ?? 0 };
  }

  route(): ScriptConnection {
    return this.#connection;
  }

  #scripted(command: "EVAL" | "EVALSHA"): ScriptCall {
    return (script, keys, args) => {
      const route = this.sharded
        ? ({ type: "primarySlotKey", key: keys[0] ?? probeKey } as const)
        : undefined;
      return this.observed(() => this.#send([command, script, String(keys.length), ...keys, ...args], route));
    };
  }

  async #send(args: readonly string[], route: GlideCommandOptions["route"]): Promise<unknown> {
    const options = { decoder: stringDecoder, ...(route === undefined ? {} : { route }) };
    try {
      return await this.client.customCommand(args, options);
    } catch (error) {
      throw serverError(error);
    }
  }
}
