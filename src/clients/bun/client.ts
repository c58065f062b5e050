import { NotReadyError } from "../failure.js";
import { ProbedScriptClient } from "../probed-client.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "../script-client.js";
import type { BunClient } from "./library.js";
import { openBunSubscriber } from "./subscriber.js";

/**
 * Bun's `RedisClient`. It reconnects by itself and tells only that it is connected, and calls `onclose` only when it has given
 * up. The handlers of its user stay as they are.
 */
export class BunScriptClient extends ProbedScriptClient implements ScriptClient {
  /** The client does not show its address and its database. */
  readonly keyspace = null;
  readonly #connection: ScriptConnection;

  constructor(
    private readonly client: BunClient,
    readonly name: string,
  ) {
    super(
      { read: () => (client.connected ? "ready" : "trying"), ping: () => client.send("PING", []) },
      typeof client.subscribe === "function" ? (events) => openBunSubscriber(client, events) : null,
    );
    this.#connection = {
      get ready() {
        return client.connected;
      },
      evalsha: this.#scripted("EVALSHA"),
      eval: this.#scripted("EVAL"),
    };
  }

  connect(): void {
    if (this.client.connected) return;
    this.client.connect().then(
      () => this.probe.answered(),
      (error: unknown) => this.probe.connectFailed(error),
    );
  }

  route(): ScriptConnection {
    return this.#connection;
  }

  #scripted(command: "EVAL" | "EVALSHA"): ScriptCall {
    return async (script, keys, args) => {
      // The client would queue the call.
      if (!this.client.connected) throw new NotReadyError("not connected");
      return this.observed(() => this.client.send(command, [script, String(keys.length), ...keys, ...args]));
    };
  }
}
