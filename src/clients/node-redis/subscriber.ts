import type { Emitter } from "../connection-watch.js";
import type { Subscriber, SubscriberEvents } from "../pubsub/subscriber.js";
import type { NodeRedisClient } from "./client.js";

type Listener = (message: unknown, channel: unknown) => void;

/** What is used of the client that listens. */
interface NodeRedisListener extends Emitter {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: Listener): Promise<unknown>;
  unsubscribe(channel: string, listener: Listener): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  unref?(): void;
  destroy?(): unknown;
  /** `destroy` of version 4. */
  disconnect?(): unknown;
}

/**
 * A duplicate that connects once: authentication and TLS are the user's; all that would reconnect, map replies, cache,
 * or keep a timer is not.
 */
export function openNodeRedisSubscriber(client: NodeRedisClient, events: SubscriberEvents): Subscriber {
  const abort = new AbortController();
  const own = client.duplicate?.({
    socket: {
      ...client.options?.socket,
      // An error is understood as "never" by every version.
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
    // A duplicate is what the client is: the same library, in the same version.
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
    // With its listener: else the library would take the channel for subscribed until the server has answered.
    unsubscribe: (channel) => {
      own.unsubscribe(channel, heard).catch(() => {});
    },
    ping: () => own.sendCommand(["PING"]),
    close: () => {
      // Version 5 does not end a socket that is still connecting; what has ended already refuses to end.
      abort.abort();
      Promise.resolve()
        .then(() => (own.destroy ?? own.disconnect)?.call(own))
        .catch(() => {});
    },
  };
}
