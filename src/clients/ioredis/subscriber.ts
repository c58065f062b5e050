import type { Emitter } from "../connection-watch.js";
import type { Subscriber, SubscriberEvents } from "../pubsub/subscriber.js";
import type { IoredisClient } from "./library.js";

/** The part of the subscribing client that is used here. */
interface IoredisListener extends Emitter {
  readonly status: string;
  readonly stream?: { unref?(): unknown; destroy?(): unknown } | null;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  ping(): Promise<unknown>;
  disconnect(): void;
}

/** ms for a Sentinel to name the master, and for a loading replica in the master's place. */
const sentinelTimeout = 2_000;

/**
 * A duplicate that connects once. It inherits the user's authentication, TLS and Sentinels; reconnecting, queueing,
 * prefixes and timers are turned off.
 */
export function openIoredisSubscriber(client: IoredisClient, events: SubscriberEvents): Subscriber {
  const own = client.duplicate?.({
    lazyConnect: true,
    keyPrefix: "",
    db: 0,
    monitor: false,
    readOnly: false,
    retryStrategy: null,
    sentinelRetryStrategy: null,
    sentinelCommandTimeout: sentinelTimeout,
    failoverDetector: false,
    reconnectOnError: null,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    // A loading server accepts subscriptions. Only with Sentinels does the ready check matter, to verify the master.
    enableReadyCheck: Boolean(client.options.sentinels),
    maxLoadingRetryTime: sentinelTimeout,
    commandTimeout: undefined,
    socketTimeout: undefined,
    scripts: undefined,
    himportFieldsets: undefined,
    // A duplicate has the type of its client: the same library, in the same version.
  }) as IoredisListener;
  // Without a listener ioredis would print the errors. Only the end of the connection matters.
  own.on("error", () => {});
  const unref = () => own.stream?.unref?.();
  own.on("connect", unref);
  own.on("ready", () => events.ready());
  own.on("end", () => events.lost());
  own.on("message", (channel, message) => events.message(String(channel), String(message)));
  own.connect().catch(() => {});
  // `connect` creates the socket, but only a tick later, or after the Sentinels have answered.
  setImmediate(unref);
  return {
    subscribe: (channel) => own.subscribe(channel),
    unsubscribe: (channel) => {
      own.unsubscribe(channel).catch(() => {});
    },
    ping: () => own.ping(),
    close: () => {
      // Disconnecting an ended client would start a timer that nothing clears.
      if (own.status !== "end") own.disconnect();
      // Ends the socket at once instead of waiting for the server.
      own.stream?.destroy?.();
    },
  };
}
