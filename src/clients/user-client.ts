import type { Connection } from "../engine/node.js";
import type { ConnectionListener } from "./listeners.js";
import { type ConnectionSource, ConnectionWatch } from "./watch.js";

/** A client that its user made: it is followed, and left open. */
export abstract class UserClient {
  readonly #watch: ConnectionWatch;

  constructor(source: ConnectionSource) {
    this.#watch = new ConnectionWatch(source);
  }

  get connection(): Connection {
    return this.#watch.connection;
  }

  get trouble(): string {
    return this.#watch.trouble;
  }

  watch(listener: ConnectionListener): () => void {
    return this.#watch.subscribe(listener);
  }

  async close(): Promise<void> {}
}
