import type { Clock, Timer } from "../../engine/time/clock.js";
import type { OpenSubscriber, Subscriber } from "./subscriber.js";

/**
 * ms for connecting, and for the reply to each subscription and PING. A server that does not answer in time counts as
 * lost.
 */
const answerTimeout = 5_000;
/**
 * ms between PINGs. A connection that only subscribes has no other way to detect its loss, and a NAT drops idle
 * connections first.
 */
const pingInterval = 10_000;

export interface SubscriberConnectionEvents {
  ready(): void;
  message(channel: string, message: string): void;
  /** Called at most once, and no other callback follows. */
  lost(): void;
}

/** One subscriber connection, from opening to loss or closing. `close` releases all timers and the connection. */
export class SubscriberConnection {
  readonly #deadlines = new Set<Timer>();
  #subscriber: Subscriber | null = null;
  #nextPing: Timer | null = null;
  #ready = false;
  #closed = false;

  constructor(
    private readonly events: SubscriberConnectionEvents,
    private readonly clock: Clock,
  ) {}

  start(open: OpenSubscriber): void {
    const cancelDeadline = this.#deadline();
    const ready = () => {
      if (this.#closed || this.#ready) return;
      cancelDeadline();
      this.#ready = true;
      this.#pingLater();
      this.events.ready();
    };
    const message = (channel: string, text: string) => {
      if (!this.#closed) this.events.message(channel, text);
    };
    try {
      this.#subscriber = open({ ready, message, lost: () => this.#lose() });
    } catch {
      // A client that cannot be duplicated is treated like an unreachable server.
    }
    if (this.#subscriber === null) this.#lose();
  }

  /** Does nothing unless the connection is ready. `answered` receives the refusal, or undefined. */
  subscribe(channel: string, answered: (refusal: unknown) => void): void {
    const subscriber = this.#subscriber;
    if (!this.#ready || this.#closed || subscriber === null) return;
    const cancelDeadline = this.#deadline();
    const settle = (refusal?: unknown) => {
      cancelDeadline();
      if (!this.#closed) answered(refusal);
    };
    Promise.resolve()
      .then(() => subscriber.subscribe(channel))
      .then(
        () => settle(),
        (error: unknown) => settle(error ?? new Error("refused")),
      );
  }

  unsubscribe(channel: string): void {
    // After the microtask in which `subscribe` sends its command.
    if (this.#ready)
      queueMicrotask(() => quietly(this.#subscriber, (subscriber) => subscriber.unsubscribe(channel)));
  }

  #pingLater(): void {
    this.#nextPing = this.clock.after(pingInterval, () => this.#ping(), true);
  }

  /** Any reply counts, even a refusal. */
  #ping(): void {
    const subscriber = this.#subscriber;
    if (this.#closed || subscriber === null) return;
    const answered = this.#deadline();
    const settle = () => {
      if (this.#closed) return;
      answered();
      this.#pingLater();
    };
    Promise.resolve()
      .then(() => subscriber.ping())
      .then(settle, settle);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#nextPing?.cancel();
    for (const deadline of this.#deadlines) deadline.cancel();
    this.#deadlines.clear();
    quietly(this.#subscriber, (subscriber) => subscriber.close());
  }

  #lose(): void {
    if (this.#closed) return;
    this.close();
    this.events.lost();
  }

  /** Starts a deadline for a reply. Returns a function that cancels the deadline. */
  #deadline(): () => void {
    const timer = this.clock.after(answerTimeout, () => this.#lose(), true);
    this.#deadlines.add(timer);
    return () => {
      timer.cancel();
      this.#deadlines.delete(timer);
    };
  }
}

/** Ignores exceptions, which clients throw when they are closed already. */
function quietly(subscriber: Subscriber | null, act: (subscriber: Subscriber) => void): void {
  try {
    if (subscriber !== null) act(subscriber);
  } catch {
    // The client is closed already, as intended.
  }
}
