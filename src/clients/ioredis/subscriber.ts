import type { Emitter } from "../connection-watch.js";
import type { Subscriber, SubscriberEvents } from "../pubsub/subscriber.js";
import type { IoredisClient } from "./client.js";

/** What is used of the client that listens. */
interface IoredisListener extends Emitter {
  readonly status: string;
  readonly stream?: { unref?(): unknown; destroy?(): unknown } | null;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  ping(): Promise<unknown>;
  disconnect(): void;
}

/** ms that a Sentinel may take to name the master, and that a replica in its place may be loading. */
const sentinelTimeout = 2_000;

/**
 * A duplicate that connects once: authentication, TLS and Sentinels are the user's; all that would reconnect, queue,
 * prefix, or keep a timer is not.
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
    // A server that is still loading may be listened to; only with Sentinels it matters whether it is the master.
    enableReadyCheck: Boolean(client.options.sentinels),
    maxLoadingRetryTime: sentinelTimeout,
    commandTimeout: undefined,
    socketTimeout: undefined,
    scripts: undefined,
    himportFieldsets: undefined,
    // A duplicate is what the client is: the same library, in the same version.
  }) as IoredisListener;
  // Without a listener it would print them. What matters is that it ends.
  own.on("error", () => {});
  const unref = () => own.stream?.unref?.();
  own.on("connect", unref);
  own.on("ready", () => events.ready());
  own.on("end", () => events.lost());
  own.on("message", (channel, message) => events.message(String(channel), String(message)));
  own.connect().catch(() => {});
  // The socket is made within `connect`, but only after a tick, or once Sentinels have answered.
  setImmediate(unref);
  return {
    subscribe: (channel) => own.subscribe(channel),
    unsubscribe: (channel) => {
      own.unsubscribe(channel).catch(() => {});
    },
    ping: () => own.ping(),
    close: () => {
      // What has ended would be given a timer that nothing clears.
      if (own.status !== "end") own.disconnect();
      // At once, rather than when the server has agreed to it.
      own.stream?.destroy?.();
    },
  };
}
