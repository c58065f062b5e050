import type { SubscriptionListener } from "../engine/node/lock-node.js";
import { type ConnectionSource, ConnectionWatch } from "./connection-watch.js";
import type { OpenSubscriber } from "./pubsub/subscriber.js";
import { Subscriptions } from "./pubsub/subscriptions.js";

/** A client that the user created: its connection is watched, and never closed. */
export abstract class UserClient extends ConnectionWatch {
  readonly #subscriptions: Subscriptions | null;

  /** `open` is null if the client cannot open another connection. */
  constructor(source: ConnectionSource, open: OpenSubscriber | null) {
    super(source);
    this.#subscriptions = open === null ? null : new Subscriptions(open);
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.#subscriptions?.subscribe(channel, listener) ?? null;
  }

  /** Reopens the subscriber connection together with the client's own, because one fault usually affects both. */
  protected reopenSubscriptions(): void {
    this.#subscriptions?.reopen();
  }

  async close(): Promise<void> {}
}
