import type { Connection, SubscriptionListener } from "../engine/node/lock-node.js";
import type { ConnectionListener } from "./connection-listeners.js";
import { ConnectionProbe, type ProbedClient } from "./connection-probe.js";
import { serverCode } from "./failure.js";
import type { OpenSubscriber } from "./pubsub/subscriber.js";
import { Subscriptions } from "./pubsub/subscriptions.js";

/**
 * A client that the user created, and that has no events for its connection: a probe watches it. A reconnection, perhaps to
 * another server, cannot be seen, and it is unknown when the client writes.
 */
export abstract class ProbedScriptClient {
  readonly opaque = true;
  readonly writesLater = true;
  protected readonly probe: ConnectionProbe;
  readonly #subscriptions: Subscriptions | null;

  /** `open` is null if the client cannot subscribe: then waiters poll. */
  constructor(client: ProbedClient, open: OpenSubscriber | null) {
    this.probe = new ConnectionProbe(client);
    this.#subscriptions = open === null ? null : new Subscriptions(open);
  }

  get connection(): Connection {
    return this.probe.connection;
  }

  get trouble(): string {
    return this.probe.trouble;
  }

  watch(listener: ConnectionListener): () => void {
    return this.probe.watch(listener);
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.#subscriptions?.subscribe(channel, listener) ?? null;
  }

  /** Calls the client, and lets the probe know whether the server answered. An error of the server is an answer. */
  protected async observed(call: () => Promise<unknown>): Promise<unknown> {
    try {
      const reply = await call();
      this.probe.answered();
      return reply;
    } catch (error) {
      if (serverCode(error) === "") this.probe.unanswered();
      throw error;
    }
  }
}
