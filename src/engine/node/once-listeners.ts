/** Listeners that are called once, with the next event. */
export class OnceListeners {
  private listeners = new Set<() => void>();

  /** Returns the removal. */
  add(listener: () => void): () => void {
    // A function of its own, so that the same listener may be added twice.
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
