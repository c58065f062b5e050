import type { Connection, Replacement } from "../engine/node/lock-node.js";
import type { Timer } from "../engine/time/clock.js";
import { systemClock } from "../engine/time/system-clock.js";
import {
  ConnectionCause,
  connectionCause,
  isExaminable,
  isOfDatabase,
  isUnreachable,
  keptCause,
} from "./connection-cause.js";
import { type ConnectionListener, ConnectionListeners } from "./connection-listeners.js";
import { type Endpoint, examineEndpoint } from "./endpoint-examination.js";
import type { ReplacementCause } from "./replacement.js";

/** The part of a client's EventEmitter that is used here. */
export interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  listenerCount?(event: string): number;
}

/** ms after which a TLS handshake without an error is examined. */
const handshakeTime = 250;
/** ms after which a connection that is accepted and not ready is examined. */
const readyTime = 1_000;
/** Minimum ms between two examinations. */
const examinationPause = 2_000;

const closedClient = "the client is closed: the program closed it, or it has given up reconnecting";

/** The cause as long as the client has reported none. */
const unanswered = new ConnectionCause("the server did not answer while connecting", false, true);

/** The cause when the server has accepted a connection, and could not be reached before. */
const accepted = new ConnectionCause(
  "the server accepts the connection, and has not answered the client's first commands: it may be loading its data",
  false,
  true,
);

/** How a library reports the state of a connection. */
export interface ConnectionSource {
  readonly emitter: Emitter;
  /** Events after which the state may have changed. */
  readonly events: readonly string[];
  /** Events that carry an error, "error" included. */
  readonly errors: readonly string[];
  /** Cluster: events that carry the error of one server. The others may still be reachable. */
  readonly memberErrors?: readonly string[];
  /** Emitted when the client is closed, for clients that look unopened again afterwards. */
  readonly closed?: string;
  /**
   * `fresh`: not opened yet. `trying`: connecting, for the first time or again. `over`: closed, or the client gave up.
   */
  read(): "fresh" | "trying" | "ready" | "over";
  /** Where the client connects to; null if that is not known, or not one server. */
  endpoint?(): Endpoint | null;
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
  #cause: ConnectionCause | undefined;
  /** Whether the client has begun another attempt to connect since the cause was noted. */
  #newAttempt = false;
  #examination: Timer | null = null;
  #examinedAt = Number.NEGATIVE_INFINITY;
  #examining = false;
  #keepsErrorListener = false;
  #closed = false;
  /** The server has refused the database. ioredis and node-redis 3 go on in database 0, where a lock excludes nobody. */
  #inWrongDatabase = false;
  /** Whether the client is being closed in order to replace its connection. */
  #closing = false;
  /** Why the ready connection is being replaced; null if it is not. */
  #replacement: ConnectionCause | null = null;

  constructor(private readonly source: ConnectionSource) {}

  get connection(): Connection {
    const state = this.source.read();
    if (state !== "fresh") this.#closed = false;
    if (state === "ready" && this.#inWrongDatabase) return "down";
    if (state === "ready") {
      this.#wasReady = true;
      return "ready";
    }
    return state === "over" || this.#closed || this.#wasReady ? "down" : "connecting";
  }

  /** Why the client is not ready, as far as known; empty if nothing is known. For messages. */
  get trouble(): string {
    return this.#presentCause?.message ?? "";
  }

  get troubleLasts(): boolean {
    return this.#presentCause?.lasts === true;
  }

  get #presentCause(): ConnectionCause | undefined {
    const cause = this.#cause;
    if (cause?.lasts === true || !(this.source.read() === "over" || this.#closed)) return cause;
    // Its user may open it again.
    return new ConnectionCause(
      closedClient + (cause === undefined ? "" : ` (${cause.message})`),
      false,
      false,
    );
  }

  watch(listener: ConnectionListener): () => void {
    if (this.#listeners.size === 0) {
      this.#attach();
      this.watched(true);
    }
    const remove = this.#listeners.add(listener);
    return () => {
      if (!remove() || this.#listeners.size > 0) return;
      this.watched(false);
      this.#detach();
    };
  }

  readonly #changed = (): void => {
    const connection = this.connection;
    if (connection === "ready") this.#cause = undefined;
    if (connection === this.#lastConnection) return;
    this.#lastConnection = connection;
    if (connection === "down") this.#cause ??= this.#replacement ?? undefined;
    this.#replacement = null;
    this.#listeners.notify(connection, connection === "down" ? this.#presentCause : undefined);
  };

  readonly #failed = (error: unknown): void => {
    const wasReady = this.#lastConnection === "ready";
    const cause = connectionCause(error);
    this.#inWrongDatabase ||= isOfDatabase(cause);
    // A vague cause is reported after the examination.
    if (!wasReady && cause.vague && this.#examine(cause)) this.#cause = keptCause(this.#cause, cause, true);
    else this.#noteCause(cause);
  };

  #noteCause(cause: ConnectionCause): void {
    this.#cause = keptCause(this.#cause, cause, !this.#newAttempt);
    this.#newAttempt = false;
    this.#changed();
    // Callers that wait for the first connection may want to stop waiting.
    if (this.#lastConnection === "connecting") this.#listeners.notify("connecting", this.#cause);
  }

  readonly #memberFailed = (error: unknown): void => {
    const { message, vague } = connectionCause(error);
    this.#noteCause(new ConnectionCause(message, false, vague));
  };

  readonly #attempted = (): void => {
    this.#newAttempt = true;
    this.#inWrongDatabase = false;
    this.#changed();
  };

  /** The server accepts the connection. It may then leave the client's first commands unanswered, or load its data. */
  readonly #connected = (): void => {
    if (isUnreachable(this.#cause)) this.#cause = accepted;
    this.#attempted();
    if (this.connection !== "ready") this.#examineAfter(readyTime);
  };

  /** The client tries again. A server may have ended the connection without an error, as one that wants TLS may. */
  readonly #retried = (): void => {
    this.#attempted();
    if (!this.#wasReady && (this.#cause === undefined || this.#cause.vague)) this.#examine();
  };

  /** Notes why the client gave up connecting, unless its events have told more. */
  protected connectFailed(error: unknown): void {
    const cause = connectionCause(error);
    if (this.connection !== "ready" && (cause.lasts || this.#cause === undefined)) this.#noteCause(cause);
  }

  /**
   * Calls `replace`. If it replaces a ready connection, that is why the connection goes down, even if the client has to be
   * closed and opened again for it.
   */
  protected replaceBy(cause: ReplacementCause, replace: () => Replacement): Replacement {
    if (this.connection !== "ready") {
      // The client tries again, and reports nothing about the attempt that was cut short.
      if (cause.kind === "silence" && this.source.read() === "trying") this.#cause ??= unanswered;
      return replace();
    }
    this.#replacement = new ConnectionCause(cause.message, false, true);
    this.#closing = true;
    let replacement: Replacement = "impossible";
    try {
      replacement = replace();
      return replacement;
    } finally {
      this.#closing = false;
      if (replacement !== "replacing") this.#replacement = null;
    }
  }

  /** A connection is needed. A TLS handshake with a server that does not speak TLS may hang without an error. */
  protected connectionNeeded(): void {
    if (this.connection !== "ready" && this.source.endpoint?.()?.tls === true)
      this.#examineAfter(handshakeTime);
  }

  #examineAfter(delay: number): void {
    const examine = () => {
      this.#examination = null;
      if (this.#listeners.size > 0) this.#examine();
    };
    // A timer may fire a little early.
    const pause = this.#examinedAt + examinationPause + 1 - systemClock.monotonic();
    this.#examination ??= systemClock.after(Math.max(delay, pause), examine, true);
  }

  /**
   * Asks the server itself why the client cannot connect, and then notes the cause. Returns whether it is asked. `vague`:
   * the client's error.
   */
  #examine(vague?: ConnectionCause): boolean {
    if (this.#examining) return true;
    const endpoint = this.source.endpoint?.() ?? null;
    const now = systemClock.monotonic();
    if (endpoint === null || this.connection === "ready") return false;
    // The server may speak another protocol since the last examination.
    if (this.#cause?.lasts === true && !isExaminable(this.#cause)) return false;
    if (now < this.#examinedAt + examinationPause) return false;
    this.#examinedAt = now;
    this.#examining = true;
    void examineEndpoint(endpoint).then((found) => {
      this.#examining = false;
      if (found === null && isExaminable(this.#cause)) this.#cause = vague;
      const cause = found ?? this.#cause;
      if (cause !== undefined && this.source.read() !== "ready") this.#noteCause(cause);
    });
    return true;
  }

  readonly #ended = (): void => {
    this.#closed = !this.#closing;
    this.#changed();
  };

  readonly #ignore = (): void => {};

  /** Called when the first watcher comes, and when the last one has left. */
  protected watched(_isWatched: boolean): void {}

  #listenerOf(event: string): () => void {
    if (event === "reconnecting") return this.#retried;
    if (event === "connect") return this.#connected;
    return event === "connecting" ? this.#attempted : this.#changed;
  }

  #attach(): void {
    const { emitter, events, errors, memberErrors = [], closed } = this.source;
    this.#lastConnection = this.connection;
    for (const event of events) emitter.on(event, this.#listenerOf(event));
    for (const event of errors) emitter.on(event, this.#failed);
    for (const event of memberErrors) emitter.on(event, this.#memberFailed);
    if (closed !== undefined) emitter.on(closed, this.#ended);
    if (this.#keepsErrorListener) emitter.off("error", this.#ignore);
    this.#keepsErrorListener = false;
  }

  /**
   * Restores the client's listeners, with one exception: an open node-redis client keeps one empty "error" listener,
   * because its next "error" event would end the process if the event had no listener.
   */
  #detach(): void {
    const { emitter, events, errors, memberErrors = [], closed, throwsUnhandled } = this.source;
    const open = ["trying", "ready"].includes(this.source.read());
    // Attached even if the event has other listeners now: some of them stay only until their own requests are answered.
    if (throwsUnhandled && open) {
      emitter.on("error", this.#ignore);
      this.#keepsErrorListener = true;
    }
    for (const event of events) emitter.off(event, this.#listenerOf(event));
    for (const event of errors) emitter.off(event, this.#failed);
    for (const event of memberErrors) emitter.off(event, this.#memberFailed);
    if (closed !== undefined) emitter.off(closed, this.#ended);
  }
}
