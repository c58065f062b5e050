import type { SubscriptionListener } from "../../engine/node/lock-node.js";
import type { Clock, Timer } from "../../engine/time/clock.js";
import { systemRandom } from "../../engine/time/random.js";
import { systemClock } from "../../engine/time/system-clock.js";
import { serverCode } from "../failure.js";
import { Channel } from "./channel.js";
import type { OpenSubscriber } from "./subscriber.js";
import { SubscriberConnection } from "./subscriber-connection.js";

/** ms before a lost connection is opened again: doubles with each failure, minus a random part of up to one half. */
const firstDelay = 100;
const longestDelay = 5_000;
/** ms before a server that refused is asked again: permissions seldom change. */
const refusedDelay = 30_000;
/** Error codes of a server that does not permit the subscription. */
const forbidden = new Set(["NOPERM", "NOAUTH", "WRONGPASS", "ERR"]);

/**
 * The one subscriber connection beside a client, shared by all subscriptions: opened with the first, closed with the
 * last, and opened again whenever it is lost. The delays continue while the connection is closed, so that short-lived
 * subscriptions do not overload a dead or refusing server. The timers do not keep the process alive.
 */
export class Subscriptions {
  readonly #channels = new Map<string, Channel>();
  /** Channels to which the server refused a subscription. */
  readonly #refused = new Set<string>();
  #connection: SubscriberConnection | null = null;
  #retry: Timer | null = null;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #subscribedSince: number | null = null;
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
      this.#subscribeChannel(name, channel);
    }
    // Opened asynchronously, so that a subscription that is removed at once costs no connection and receives no call
    // before `subscribe` returns.
    queueMicrotask(() => (this.#closed ? channel.setState("unsubscribed") : this.#open()));
    return () => {
      if (remove() && channel.size === 0) this.#removeChannel(name);
    };
  }

  /** Opens the connection again, because it may be dead without having noticed. */
  reopen(): void {
    if (this.#connection !== null && !this.#closed) this.#lost();
  }

  /** Closes the connection for good and ends all subscriptions. */
  close(): void {
    this.#closed = true;
    this.#disconnect();
    for (const channel of this.#channels.values()) channel.setState("unsubscribed");
  }

  #removeChannel(name: string): void {
    this.#channels.delete(name);
    this.#refused.delete(name);
    if (this.#channels.size === 0) this.#disconnect();
    else if (this.#allRefused) this.#lost(refusedDelay);
    else this.#connection?.unsubscribe(name);
  }

  /** Whether every subscription was refused; then the connection is not kept open. */
  get #allRefused(): boolean {
    return this.#refused.size === this.#channels.size;
  }

  #open(): void {
    if (this.#connection !== null || this.#channels.size === 0 || this.#closed) return;
    const wait = this.#notBefore - this.clock.monotonic();
    if (this.#retry !== null || wait > 0) {
      // The timer is set first, because a notified listener may remove the last subscription.
      this.#retry ??= this.clock.after(wait, () => this.#retryNow(), true);
      for (const channel of this.#channels.values()) channel.setState("unsubscribed");
      return;
    }
    this.#connection = new SubscriberConnection(
      {
        ready: () => {
          for (const [name, channel] of this.#channels) this.#subscribeChannel(name, channel);
        },
        message: (name, message) => this.#channels.get(name)?.message(message),
        lost: () => this.#lost(),
      },
      this.clock,
    );
    this.#connection.start(this.openSubscriber);
  }

  #retryNow(): void {
    this.#retry = null;
    this.#open();
  }

  #subscribeChannel(name: string, channel: Channel): void {
    this.#connection?.subscribe(name, (refusal) => {
      // The channel may have been removed meanwhile, and added again by another listener.
      if (this.#channels.get(name) !== channel) return;
      if (refusal === undefined) {
        this.#subscribedSince ??= this.clock.monotonic();
        channel.setState("subscribed");
      } else if (forbidden.has(serverCode(refusal))) {
        this.#refused.add(name);
        if (this.#allRefused) this.#lost(refusedDelay);
        else channel.setState("unsubscribed");
      } else {
        this.#lost();
      }
    });
  }

  #lost(minDelay = 0): void {
    this.#disconnect();
    const ceiling = Math.min(firstDelay * 2 ** Math.min(this.#failures, 30), longestDelay);
    this.#failures += 1;
    const delay = Math.max(minDelay, ceiling * (1 - systemRandom.fraction() / 2));
    this.#notBefore = this.clock.monotonic() + delay;
    this.#open();
  }

  #disconnect(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this.#connection?.close();
    this.#connection = null;
    this.#refused.clear();
    // A connection that is lost soon counts like one that could not be opened.
    const lasted = this.#subscribedSince === null ? 0 : this.clock.monotonic() - this.#subscribedSince;
    if (lasted >= longestDelay) this.#failures = 0;
    this.#subscribedSince = null;
  }
}
