import type { Emitter } from "../connection-watch.js";
import type { Subscriber, SubscriberEvents } from "../pubsub/subscriber.js";
import type { NodeRedisClient } from "./library.js";

type Listener = (message: unknown, channel: unknown) => void;

/** The part of the subscribing client that is used here. */
interface NodeRedisListener extends Emitter {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: Listener): Promise<unknown>;
  unsubscribe(channel: string, listener: Listener): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  unref?(): void;
  destroy?(): unknown;
  /** The version 4 equivalent of `destroy`. */
  disconnect?(): unknown;
}

/**
 * A duplicate that connects once. It inherits the user's authentication and TLS; reconnecting, reply mapping, caching
 * and timers are turned off.
 */
export function openNodeRedisSubscriber(client: NodeRedisClient, events: SubscriberEvents): Subscriber {
  const abort = new AbortController();
  const own = client.duplicate?.({
    socket: {
      ...client.options?.socket,
      // Every version stops reconnecting if the strategy returns an error.
      reconnectStrategy: () => new Error("not reconnected"),
      signal: abort.signal,
    },
    database: 0,
    keyPrefix: undefined,
    commandOptions: undefined,
    readonly: false,
    pingInterval: undefined,
    disableOfflineQueue: false,
    commandsQueueMaxLength: undefined,
    clientSideCache: undefined,
    emitInvalidate: false,
    maintNotifications: "disabled",
    // A duplicate has the type of its client: the same library, in the same version.
  }) as NodeRedisListener;
  const heard: Listener = (message, channel) => events.message(String(channel), String(message));
  // Without a listener an error would end the process.
  own.on("error", () => {
    if (!own.isReady) events.lost();
  });
  own.on("end", () => events.lost());
  own.on("ready", () => events.ready());
  own.unref?.();
  own.connect().catch(() => events.lost());
  return {
    subscribe: (channel) => own.subscribe(channel, heard),
    // The listener is passed because otherwise the library would treat the channel as subscribed until the server has
    // answered.
    unsubscribe: (channel) => {
      own.unsubscribe(channel, heard).catch(() => {});
    },
    ping: () => own.sendCommand(["PING"]),
    close: () => {
      // Version 5 does not end a socket that is still connecting. Ending an ended client is an error.
      abort.abort();
      Promise.resolve()
        .then(() => (own.destroy ?? own.disconnect)?.call(own))
        .catch(() => {});
    },
  };
}
