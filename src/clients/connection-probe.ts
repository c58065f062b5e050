import type { Connection } from "../engine/node/lock-node.js";
import { messageOf } from "../engine/protocol/error-message.js";
import type { Clock, Timer } from "../engine/time/clock.js";
import { systemClock } from "../engine/time/system-clock.js";
import { type ConnectionListener, ConnectionListeners } from "./connection-listeners.js";
import { serverCode } from "./failure.js";

/** ms between two PINGs of a connection that is ready and has answered nothing else meanwhile. */
const interval = 1_000;
/** ms before a connection that is down is asked again: doubles from the first to the interval. */
const firstDelay = 50;
/** ms for the answer to a PING. */
const answerTime = 5_000;

/** A client whose connection can only be observed by asking. */
export interface ProbedClient {
  /** "over": closed by its user. */
  read(): "trying" | "ready" | "over";
  /** Settles with the server's answer. Rejects if there is none. */
  ping(): Promise<unknown>;
}

/**
 * Follows the connection of a client without connection events: by PINGs, while somebody watches. A connection that
 * the client calls ready counts as ready until a PING stays unanswered. The timers do not keep the process alive.
 */
export class ConnectionProbe {
  readonly #listeners = new ConnectionListeners();
  #trouble = "";
  #wasReady = false;
  #lastConnection: Connection = "connecting";
  #timer: Timer | null = null;
  #asking = false;
  #delay = firstDelay;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly client: ProbedClient,
    private readonly clock: Clock = systemClock,
  ) {}

  get connection(): Connection {
    const state = this.client.read();
    if (state === "ready" && this.#trouble === "") {
      this.#wasReady = true;
      return "ready";
    }
    return state === "over" || this.#wasReady ? "down" : "connecting";
  }

  get trouble(): string {
    return this.client.read() === "over" ? "the client is closed: the program closed it" : this.#trouble;
  }

  watch(listener: ConnectionListener): () => void {
    const remove = this.#listeners.add(listener);
    this.#lastConnection = this.connection;
    this.#askAfter(this.#lastConnection === "ready" ? interval : firstDelay);
    return () => {
      if (!remove() || this.#listeners.size > 0) return;
      this.#timer?.cancel();
      this.#timer = null;
    };
  }

  /** The server answered a call. */
  answered(): void {
    this.#answeredAt = this.clock.monotonic();
    this.#note("");
  }

  /** A call was not answered: the connection may be lost. */
  unanswered(): void {
    if (this.#trouble === "") this.#ask();
  }

  /** The client gave up connecting. */
  connectFailed(error: unknown): void {
    this.#note(messageOf(error));
    if (this.connection === "connecting") this.#listeners.notify("connecting", new Error(this.#trouble));
  }

  #askAfter(delay: number): void {
    if (this.#listeners.size === 0) return;
    this.#timer?.cancel();
    this.#timer = this.clock.after(delay, () => this.#ask(), true);
  }

  #ask(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#asking) return;
    const state = this.client.read();
    const idle = this.clock.monotonic() - this.#answeredAt >= interval;
    if (state !== "ready" || (!idle && this.#trouble === "")) {
      this.#note(this.#trouble);
      return this.#askAfter(state === "trying" ? this.#nextDelay() : interval);
    }
    this.#asking = true;
    const settle = (trouble: string) => {
      if (!this.#asking) return;
      this.#asking = false;
      deadline.cancel();
      if (trouble === "") this.#answeredAt = this.clock.monotonic();
      this.#note(trouble);
      if (trouble === "") this.#delay = firstDelay;
      this.#askAfter(trouble === "" ? interval : this.#nextDelay());
    };
    const deadline = this.clock.after(answerTime, () => settle("no answer to PING"), true);
    const answer = new Promise((resolve) => resolve(this.client.ping()));
    // A refusal is an answer too.
    answer.then(
      () => settle(""),
      (error: unknown) => settle(serverCode(error) === "" ? messageOf(error) : ""),
    );
  }

  #nextDelay(): number {
    const delay = this.#delay;
    this.#delay = Math.min(delay * 2, interval);
    return delay;
  }

  #note(trouble: string): void {
    this.#trouble = trouble;
    const { connection } = this;
    if (connection === this.#lastConnection) return;
    this.#lastConnection = connection;
    this.#listeners.notify(
      connection,
      connection === "down" ? new Error(this.trouble || "connection lost") : undefined,
    );
  }
}
