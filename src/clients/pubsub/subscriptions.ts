import type { SubscriptionListener } from "../../engine/node/lock-node.js";
import { type Clock, systemClock, type Timer } from "../../engine/time/clock.js";
import { systemRandom } from "../../engine/time/random.js";
import { serverCode } from "../failure.js";
import { Channel } from "./channel.js";
import type { OpenSubscriber } from "./subscriber.js";
import { SubscriberConnection } from "./subscriber-connection.js";

/** ms before a lost connection is opened again: doubled with each failure, and up to a half less by chance. */
const firstDelay = 100;
const longestDelay = 5_000;
/** ms before a server that refused is asked again: permissions seldom change. */
const refusedDelay = 30_000;
/** What a server says to those who may not listen. */
const forbidden = new Set(["NOPERM", "NOAUTH", "WRONGPASS", "ERR"]);

/**
 * The one listening connection beside a client, shared by all who subscribe: opened with the first, closed with the
 * last, opened again whenever it is lost. The delays go on counting while it is closed, so that neither a dead server
 * nor one that refuses is pestered by those who come and go. Nothing of it keeps the process alive.
 */
export class Subscriptions {
  readonly #channels = new Map<string, Channel>();
  /** Channels that the server does not let this connection hear. */
  readonly #refused = new Set<string>();
  #connection: SubscriberConnection | null = null;
  #retry: Timer | null = null;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #stoodSince: number | null = null;
  #closed = false;

  constructor(
    private readonly openSubscriber: OpenSubscriber,
    private readonly clock: Clock = systemClock,
  ) {}

  subscribe(name: string, listener: SubscriptionListener): () => void {
    const known = this.#channels.get(name);
    const channel = known ?? new Channel();
    const remove = channel.add(listener);
    if (known === undefined) {
      this.#channels.set(name, channel);
      this.#ask(name, channel);
    }
    // Later, so that who comes and goes at once costs no connection, and hears nothing during this call.
    queueMicrotask(() => (this.#closed ? channel.become("unsubscribed") : this.#open()));
    return () => {
      if (remove() && channel.size === 0) this.#leave(name);
    };
  }

  /** Opens the connection anew, because it may have been silenced without noticing. */
  reopen(): void {
    if (this.#connection !== null && !this.#closed) this.#lost();
  }

  /** For good: what is subscribed falls. */
  close(): void {
    this.#closed = true;
    this.#hangUp();
    for (const channel of this.#channels.values()) channel.become("unsubscribed");
  }

  #leave(name: string): void {
    this.#channels.delete(name);
    this.#refused.delete(name);
    if (this.#channels.size === 0) this.#hangUp();
    else if (this.#deaf) this.#lost(refusedDelay);
    else this.#connection?.drop(name);
  }

  /** One that may hear nothing at all is not kept open. */
  get #deaf(): boolean {
    return this.#refused.size === this.#channels.size;
  }

  #open(): void {
    if (this.#connection !== null || this.#channels.size === 0 || this.#closed) return;
    const wait = this.#notBefore - this.clock.monotonic();
    if (this.#retry !== null || wait > 0) {
      // First the timer, then the telling: whoever is told may leave, as the last one.
      this.#retry ??= this.clock.after(wait, () => this.#again(), true);
      for (const channel of this.#channels.values()) channel.become("unsubscribed");
      return;
    }
    this.#connection = new SubscriberConnection(
      {
        ready: () => {
          for (const [name, channel] of this.#channels) this.#ask(name, channel);
        },
        message: (name, message) => this.#channels.get(name)?.message(message),
        lost: () => this.#lost(),
      },
      this.clock,
    );
    this.#connection.start(this.openSubscriber);
  }

  #again(): void {
    this.#retry = null;
    this.#open();
  }

  #ask(name: string, channel: Channel): void {
    this.#connection?.ask(name, (refusal) => {
      // Whoever asked may have left, and somebody else have asked again.
      if (this.#channels.get(name) !== channel) return;
      if (refusal === undefined) {
        this.#stoodSince ??= this.clock.monotonic();
        channel.become("subscribed");
      } else if (forbidden.has(serverCode(refusal))) {
        this.#refused.add(name);
        if (this.#deaf) this.#lost(refusedDelay);
        else channel.become("unsubscribed");
      } else {
        this.#lost();
      }
    });
  }

  #lost(least = 0): void {
    this.#hangUp();
    const ceiling = Math.min(firstDelay * 2 ** Math.min(this.#failures, 30), longestDelay);
    this.#failures += 1;
    const delay = Math.max(least, ceiling * (1 - systemRandom.fraction() / 2));
    this.#notBefore = this.clock.monotonic() + delay;
    this.#open();
  }

  #hangUp(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this.#connection?.close();
    this.#connection = null;
    this.#refused.clear();
    // One that was lost again at once is no better than one that could not be opened.
    const stood = this.#stoodSince === null ? 0 : this.clock.monotonic() - this.#stoodSince;
    if (stood >= longestDelay) this.#failures = 0;
    this.#stoodSince = null;
  }
}
