import type { Connection, Keyspace, SubscriptionListener } from "../../engine/node/lock-node.js";
import { probeKey } from "../../engine/protocol/side-keys.js";
import type { ConnectionListener } from "../connection-listeners.js";
import { ConnectionProbe } from "../connection-probe.js";
import { serverCode } from "../failure.js";
import { Subscriptions } from "../pubsub/subscriptions.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import { serverError } from "./errors.js";
import { type GlideClient, type GlideCommandOptions, stringDecoder } from "./library.js";
import { openGlideSubscriber } from "./subscriber.js";

/**
 * Valkey GLIDE, standalone or a Cluster. GLIDE reconnects, follows redirections and ends late calls itself
 * (`requestTimeout`, 250 ms by default), and has no events for any of this: a probe watches the connection.
 */
export class GlideScriptClient implements ScriptClient {
  /** A reconnection, perhaps to another server, cannot be seen. */
  readonly opaque = true;
  /** A thread of the library writes. */
  readonly writesLater = true;
  readonly #probe: ConnectionProbe;
  readonly #subscriptions: Subscriptions | null;
  readonly #connection: ScriptConnection;

  constructor(
    private readonly client: GlideClient,
    readonly sharded: boolean,
  ) {
    this.#probe = new ConnectionProbe({
      read: () => (client.isClosed === true ? "over" : "ready"),
      ping: () => this.#send(["PING"], sharded ? "randomNode" : undefined),
    });
    // Earlier versions subscribe only while they are created: then waiters poll.
    this.#subscriptions =
      typeof client.subscribe === "function"
        ? new Subscriptions((events) => openGlideSubscriber(client, events))
        : null;
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

  get connection(): Connection {
    return this.#probe.connection;
  }

  get trouble(): string {
    return this.#probe.trouble;
  }

  watch(listener: ConnectionListener): () => void {
    return this.#probe.watch(listener);
  }

  route(): ScriptConnection {
    return this.#connection;
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.#subscriptions?.subscribe(channel, listener) ?? null;
  }

  #scripted(command: "EVAL" | "EVALSHA"): ScriptCall {
    return async (script, keys, args) => {
      const route = this.sharded
        ? ({ type: "primarySlotKey", key: keys[0] ?? probeKey } as const)
        : undefined;
      try {
        const reply = await this.#send([command, script, String(keys.length), ...keys, ...args], route);
        this.#probe.answered();
        return reply;
      } catch (error) {
        if (serverCode(error) === "") this.#probe.unanswered();
        throw error;
      }
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
