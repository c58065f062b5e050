import type { WakeListener } from "../../engine/node/lock-node.js";

/** `opening`: nobody knows yet. */
type ChannelState = "opening" | "standing" | "fallen";

interface Hearer {
  readonly listener: WakeListener;
  told: ChannelState;
}

/** One pub/sub channel: who listens, and what they were told, never the same twice in a row. */
export class Channel {
  readonly #hearers = new Set<Hearer>();
  #state: ChannelState = "opening";

  get size(): number {
    return this.#hearers.size;
  }

  /** The state is told later, not during this call. Returns the removal; true when it removed something. */
  add(listener: WakeListener): () => boolean {
    const hearer: Hearer = { listener, told: "opening" };
    this.#hearers.add(hearer);
    queueMicrotask(() => this.#tell(hearer));
    return () => this.#hearers.delete(hearer);
  }

  become(state: "standing" | "fallen"): void {
    this.#state = state;
    for (const hearer of [...this.#hearers]) this.#tell(hearer);
  }

  heard(message: string): void {
    for (const hearer of [...this.#hearers]) this.#call(hearer, ({ listener }) => listener.heard(message));
  }

  #tell(hearer: Hearer): void {
    const state = this.#state;
    if (hearer.told === state || state === "opening") return;
    hearer.told = state;
    this.#call(hearer, ({ listener }) => (state === "standing" ? listener.standing() : listener.fallen()));
  }

  /** An earlier listener may have removed a later one. */
  #call(hearer: Hearer, tell: (hearer: Hearer) => void): void {
    if (!this.#hearers.has(hearer)) return;
    try {
      tell(hearer);
    } catch {
      // One listener's mistake is no reason to keep the others in the dark.
    }
  }
}
