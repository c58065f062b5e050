import type { Connection } from "../engine/node/lock-node.js";
import { type ConnectionListener, ConnectionListeners } from "./connection-listeners.js";
import { bare } from "./failure.js";

/** What is needed of a client's EventEmitter. */
export interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  listenerCount?(event: string): number;
}

/** How one library tells the state of a connection. */
export interface ConnectionSource {
  readonly emitter: Emitter;
  /** After any of these the state may be another. */
  readonly events: readonly string[];
  /** Events that carry an error; "error" among them. */
  readonly errors: readonly string[];
  /** Emitted when somebody closed the client, where the client itself looks unopened again afterwards. */
  readonly closed?: string;
  /** `fresh`: not open (yet). `trying`: connecting, for the first time or again. `over`: closed, or it gave up. */
  read(): "fresh" | "trying" | "ready" | "over";
  /** Whether an "error" event without a listener is thrown, which ends the process: so it is in node-redis. */
  readonly throwsUnheard: boolean;
}

/**
 * Follows the connection of one client: one listener an event, however many watch, so that Node's warning about
 * listeners stays meaningful.
 */
export class ConnectionWatch {
  readonly #listeners = new ConnectionListeners();
  #wasReady = false;
  #last: Connection = "connecting";
  #cause: Error | undefined;
  #guarded = false;
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

  /** The last error since the client was ready, in words; empty if there was none. For messages. */
  get trouble(): string {
    return this.#cause?.message ?? "";
  }

  subscribe(listener: ConnectionListener): () => void {
    if (this.#listeners.size === 0) this.#attach();
    const remove = this.#listeners.add(listener);
    return () => {
      if (remove() && this.#listeners.size === 0) this.#detach();
    };
  }

  readonly #changed = (): void => {
    const connection = this.connection;
    if (connection === "ready") this.#cause = undefined;
    if (connection === this.#last) return;
    this.#last = connection;
    this.#listeners.tell(connection, connection === "down" ? this.#cause : undefined);
  };

  readonly #failed = (error: unknown): void => {
    this.#cause = bare(error);
    this.#changed();
    // Whoever waits for the first connection may want to wait no longer.
    if (this.#last === "connecting") this.#listeners.tell("connecting", this.#cause);
  };

  readonly #ended = (): void => {
    this.#closed = true;
    this.#changed();
  };

  readonly #guard = (): void => {};

  #attach(): void {
    const { emitter, events, errors, closed } = this.source;
    this.#last = this.connection;
    for (const event of events) emitter.on(event, this.#changed);
    for (const event of errors) emitter.on(event, this.#failed);
    if (closed !== undefined) emitter.on(closed, this.#ended);
    if (this.#guarded) emitter.off("error", this.#guard);
    this.#guarded = false;
  }

  /**
   * Leaves the client as it was found, but for one case: a node-redis client that is still open would end the process
   * with its next "error" event if nobody listened by then. It keeps one empty listener.
   */
  #detach(): void {
    const { emitter, events, errors, closed, throwsUnheard } = this.source;
    const open = ["trying", "ready"].includes(this.source.read());
    // However many listen now: some of them listen only until their own requests are answered.
    if (throwsUnheard && open) {
      emitter.on("error", this.#guard);
      this.#guarded = true;
    }
    for (const event of events) emitter.off(event, this.#changed);
    for (const event of errors) emitter.off(event, this.#failed);
    if (closed !== undefined) emitter.off(closed, this.#ended);
  }
}
