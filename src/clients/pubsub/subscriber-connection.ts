import type { Clock, Timer } from "../../engine/time/clock.js";
import type { OpenSubscriber, Subscriber } from "./subscriber.js";

/** ms for connecting, and for the answer to each subscription: a server that says nothing for so long counts as lost. */
const answerTimeout = 5_000;
/**
 * ms between two questions whether the server is still there. A connection that only listens has no other way to notice that
 * it hears nothing any more, because a NAT forgets first what is seldom used.
 */
const pingInterval = 10_000;

export interface SubscriberConnectionEvents {
  ready(): void;
  message(channel: string, message: string): void;
  /** Comes at most once, and nothing comes after it. */
  lost(): void;
}

/** The life of one listening connection: from opening it to losing or closing it. Nothing of it outlives `close`. */
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
    const connected = this.#deadline();
    const ready = () => {
      if (this.#closed || this.#ready) return;
      connected();
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
      // A client that cannot be duplicated is as good as one that cannot be reached.
    }
    if (this.#subscriber === null) this.#lose();
  }

  /** Only when it is ready; otherwise nothing happens. `answered` gets the refusal, or undefined. */
  ask(channel: string, answered: (refusal: unknown) => void): void {
    const subscriber = this.#subscriber;
    if (!this.#ready || this.#closed || subscriber === null) return;
    const met = this.#deadline();
    const settle = (refusal?: unknown) => {
      met();
      if (!this.#closed) answered(refusal);
    };
    Promise.resolve()
      .then(() => subscriber.subscribe(channel))
      .then(
        () => settle(),
        (error: unknown) => settle(error ?? new Error("refused")),
      );
  }

  drop(channel: string): void {
    // Behind what `ask` sends.
    if (this.#ready)
      queueMicrotask(() => quietly(this.#subscriber, (subscriber) => subscriber.unsubscribe(channel)));
  }

  #pingLater(): void {
    this.#nextPing = this.clock.after(pingInterval, () => this.#ping(), true);
  }

  /** Any answer will do, also a refusal. */
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

  /** Returns what to call when it was met. */
  #deadline(): () => void {
    const timer = this.clock.after(answerTimeout, () => this.#lose(), true);
    this.#deadlines.add(timer);
    return () => {
      timer.cancel();
      this.#deadlines.delete(timer);
    };
  }
}

/** Clients throw when they are already closed. */
function quietly(subscriber: Subscriber | null, act: (subscriber: Subscriber) => void): void {
  try {
    if (subscriber !== null) act(subscriber);
  } catch {
    // It is gone, which is what was wanted.
  }
}
