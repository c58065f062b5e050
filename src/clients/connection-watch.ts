import type { Connection } from "../engine/node/lock-node.js";
import { type ConnectionListener, ConnectionListeners } from "./connection-listeners.js";
import { bare } from "./failure.js";

/** The part of a client's EventEmitter that is used here. */
export interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  listenerCount?(event: string): number;
}

/** How a library reports the state of a connection. */
export interface ConnectionSource {
  readonly emitter: Emitter;
  /** Events after which the state may have changed. */
  readonly events: readonly string[];
  /** Events that carry an error, "error" included. */
  readonly errors: readonly string[];
  /** Emitted when the client is closed, for clients that look unopened again afterwards. */
  readonly closed?: string;
  /**
   * `fresh`: not opened yet. `trying`: connecting, for the first time or again. `over`: closed, or the client gave up.
   */
  read(): "fresh" | "trying" | "ready" | "over";
  /** Whether an "error" event without a listener is thrown, which ends the process; true for node-redis. */
  readonly throwsUnhandled: boolean;
}

/**
 * Follows the connection of one client. Attaches one listener per event, however many callers watch, so that Node's
 * warning about too many listeners stays meaningful.
 */
export class ConnectionWatch {
  readonly #listeners = new ConnectionListeners();
  #wasReady = false;
  #lastConnection: Connection = "connecting";
  #cause: Error | undefined;
  #keepsErrorListener = false;
  #closed = false;

  constructor(private readonly source: ConnectionSource) {}

  get connection(): Connection {
    const state = this.source.read();
    if (state !== "fresh") this.#closed = false;
    if (state === "ready") {
      this.#wasReady = true;
      return "ready";
    }
    return state === "over" || this.#closed || this.#wasReady ? "down" : "connecting";
  }

  /** The message of the last error since the client was ready; empty if there was none. For messages. */
  get trouble(): string {
    return this.#cause?.message ?? "";
  }

  watch(listener: ConnectionListener): () => void {
    if (this.#listeners.size === 0) this.#attach();
    const remove = this.#listeners.add(listener);
    return () => {
      if (remove() && this.#listeners.size === 0) this.#detach();
    };
  }

  readonly #changed = (): void => {
    const connection = this.connection;
    if (connection === "ready") this.#cause = undefined;
    if (connection === this.#lastConnection) return;
    this.#lastConnection = connection;
    this.#listeners.notify(connection, connection === "down" ? this.#cause : undefined);
  };

  readonly #failed = (error: unknown): void => {
    this.#cause = bare(error);
    this.#changed();
    // Callers that wait for the first connection may want to stop waiting.
    if (this.#lastConnection === "connecting") this.#listeners.notify("connecting", this.#cause);
  };

  readonly #ended = (): void => {
    this.#closed = true;
    this.#changed();
  };

  readonly #ignore = (): void => {};

  #attach(): void {
    const { emitter, events, errors, closed } = this.source;
    this.#lastConnection = this.connection;
    for (const event of events) emitter.on(event, this.#changed);
    for (const event of errors) emitter.on(event, this.#failed);
    if (closed !== undefined) emitter.on(closed, this.#ended);
    if (this.#keepsErrorListener) emitter.off("error", this.#ignore);
    this.#keepsErrorListener = false;
  }

  /**
   * Restores the client's listeners, with one exception: an open node-redis client keeps one empty "error" listener,
   * because its next "error" event would end the process if the event had no listener.
   */
  #detach(): void {
    const { emitter, events, errors, closed, throwsUnhandled } = this.source;
    const open = ["trying", "ready"].includes(this.source.read());
    // Attached even if the event has other listeners now: some of them stay only until their own requests are answered.
    if (throwsUnhandled && open) {
      emitter.on("error", this.#ignore);
      this.#keepsErrorListener = true;
    }
    for (const event of events) emitter.off(event, this.#changed);
    for (const event of errors) emitter.off(event, this.#failed);
    if (closed !== undefined) emitter.off(closed, this.#ended);
  }
}
