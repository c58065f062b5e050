import type { Connection } from "../engine/node/lock-node.js";

export type ConnectionListener = (connection: Connection, cause?: Error) => void;

/** The listeners of a connection. An exception from one listener reaches neither the other listeners nor the client. */
export class ConnectionListeners {
  readonly #listeners = new Set<ConnectionListener>();

  get size(): number {
    return this.#listeners.size;
  }

  /**
   * Returns a function that removes the listener; the function returns true if it removed something. A listener may be
   * added twice.
   */
  add(listener: ConnectionListener): () => boolean {
    const own: ConnectionListener = (connection, cause) => listener(connection, cause);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  notify(connection: Connection, cause?: Error): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(connection, cause);
      } catch {
        // A failing listener must not keep the event from the others.
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
