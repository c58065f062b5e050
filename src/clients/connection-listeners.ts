import type { Connection } from "../engine/node/lock-node.js";

export type ConnectionListener = (connection: Connection, cause?: Error) => void;

/** Who watches a connection. One listener's exception never reaches another, nor the client that emitted. */
export class ConnectionListeners {
  readonly #listeners = new Set<ConnectionListener>();

  get size(): number {
    return this.#listeners.size;
  }

  /** Returns the unsubscription; true when it removed something. The same function may subscribe twice. */
  add(listener: ConnectionListener): () => boolean {
    const own: ConnectionListener = (connection, cause) => listener(connection, cause);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  tell(connection: Connection, cause?: Error): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(connection, cause);
      } catch {
        // One watcher's mistake is no reason to keep the others in the dark.
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
