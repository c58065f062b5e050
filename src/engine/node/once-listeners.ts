/** Listeners that are called once, with the next event. */
export class OnceListeners {
  private listeners = new Set<() => void>();

  /** Adds a listener. Returns a function that removes it. */
  add(listener: () => void): () => void {
    // A new function, so that the same listener can be added twice.
    const own = () => listener();
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  notify(): void {
    const { listeners } = this;
    this.listeners = new Set();
    for (const listener of listeners) listener();
  }
}
