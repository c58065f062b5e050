import type { Connection, SubscriptionListener } from "../../engine/node/lock-node.js";
import type { ConnectionListener } from "../connection-listeners.js";
import { ConnectionProbe } from "../connection-probe.js";
import { NotReadyError, serverCode } from "../failure.js";
import { Subscriptions } from "../pubsub/subscriptions.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import type { BunClient } from "./library.js";
import { openBunSubscriber } from "./subscriber.js";

/**
 * Bun's `RedisClient`. It reconnects by itself and tells only that it is connected, and calls `onclose` only when it has given
 * up: a probe watches the connection, and the handlers of its user stay as they are.
 */
export class BunScriptClient implements ScriptClient {
  readonly sharded = false;
  /** The client does not show its address and its database. */
  readonly keyspace = null;
  /** A reconnection cannot be seen. */
  readonly opaque = true;
  readonly writesLater = true;
  readonly #probe: ConnectionProbe;
  readonly #subscriptions: Subscriptions | null;
  readonly #connection: ScriptConnection;

  constructor(
    private readonly client: BunClient,
    readonly name: string,
  ) {
    this.#probe = new ConnectionProbe({
      read: () => (client.connected ? "ready" : "trying"),
      ping: () => client.send("PING", []),
    });
    this.#subscriptions =
      typeof client.subscribe === "function"
        ? new Subscriptions((events) => openBunSubscriber(client, events))
        : null;
    this.#connection = {
      get ready() {
        return client.connected;
      },
      evalsha: this.#scripted("EVALSHA"),
      eval: this.#scripted("EVAL"),
    };
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

  connect(): void {
    if (this.client.connected) return;
    this.client.connect().then(
      () => this.#probe.answered(),
      (error: unknown) => this.#probe.connectFailed(error),
    );
  }

  route(): ScriptConnection {
    return this.#connection;
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.#subscriptions?.subscribe(channel, listener) ?? null;
  }

  #scripted(command: "EVAL" | "EVALSHA"): ScriptCall {
    return async (script, keys, args) => {
      // The client would queue the call.
      if (!this.client.connected) throw new NotReadyError("not connected");
      try {
        const reply = await this.client.send(command, [script, String(keys.length), ...keys, ...args]);
        this.#probe.answered();
        return reply;
      } catch (error) {
        if (serverCode(error) === "") this.#probe.unanswered();
        throw error;
      }
    };
  }
}
