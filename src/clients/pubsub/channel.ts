import type { SubscriptionListener } from "../../engine/node/lock-node.js";

/** `opening`: nobody knows yet. */
type ChannelState = "opening" | "subscribed" | "unsubscribed";

interface ChannelListener {
  readonly listener: SubscriptionListener;
  told: ChannelState;
}

/** One pub/sub channel: who listens, and what they were told, never the same twice in a row. */
export class Channel {
  readonly #listeners = new Set<ChannelListener>();
  #state: ChannelState = "opening";

  get size(): number {
    return this.#listeners.size;
  }

  /** The state is told later, not during this call. Returns the removal; true when it removed something. */
  add(listener: SubscriptionListener): () => boolean {
    const entry: ChannelListener = { listener, told: "opening" };
    this.#listeners.add(entry);
    queueMicrotask(() => this.#tell(entry));
    return () => this.#listeners.delete(entry);
  }

  become(state: "subscribed" | "unsubscribed"): void {
    this.#state = state;
    for (const entry of [...this.#listeners]) this.#tell(entry);
  }

  message(message: string): void {
    for (const entry of [...this.#listeners]) this.#call(entry, ({ listener }) => listener.message(message));
  }

  #tell(entry: ChannelListener): void {
    const state = this.#state;
    if (entry.told === state || state === "opening") return;
    entry.told = state;
    this.#call(entry, ({ listener }) =>
      state === "subscribed" ? listener.subscribed() : listener.unsubscribed(),
    );
  }

  /** An earlier listener may have removed a later one. */
  #call(entry: ChannelListener, tell: (entry: ChannelListener) => void): void {
    if (!this.#listeners.has(entry)) return;
    try {
      tell(entry);
    } catch {
      // One listener's mistake is no reason to keep the others in the dark.
    }
  }
}
