import type { SubscriptionListener } from "../../engine/node/lock-node.js";

/** `opening`: the state is not known yet. */
type ChannelState = "opening" | "subscribed" | "unsubscribed";

interface ChannelListener {
  readonly listener: SubscriptionListener;
  lastState: ChannelState;
}

/** The listeners of one pub/sub channel. A listener is never notified of the same state twice in a row. */
export class Channel {
  readonly #listeners = new Set<ChannelListener>();
  #state: ChannelState = "opening";

  get size(): number {
    return this.#listeners.size;
  }

  /**
   * The listener is notified of the state asynchronously. Returns a function that removes the listener; the function
   * returns true if it removed something.
   */
  add(listener: SubscriptionListener): () => boolean {
    const entry: ChannelListener = { listener, lastState: "opening" };
    this.#listeners.add(entry);
    queueMicrotask(() => this.#notify(entry));
    return () => this.#listeners.delete(entry);
  }

  setState(state: "subscribed" | "unsubscribed"): void {
    this.#state = state;
    for (const entry of [...this.#listeners]) this.#notify(entry);
  }

  message(message: string): void {
    for (const entry of [...this.#listeners]) this.#call(entry, ({ listener }) => listener.message(message));
  }

  #notify(entry: ChannelListener): void {
    const state = this.#state;
    if (entry.lastState === state || state === "opening") return;
    entry.lastState = state;
    this.#call(entry, ({ listener }) =>
      state === "subscribed" ? listener.subscribed() : listener.unsubscribed(),
    );
  }

  /** Skips a listener that an earlier listener has removed. */
  #call(entry: ChannelListener, callback: (entry: ChannelListener) => void): void {
    if (!this.#listeners.has(entry)) return;
    try {
      callback(entry);
    } catch {
      // A failing listener must not keep the event from the others.
    }
  }
}
