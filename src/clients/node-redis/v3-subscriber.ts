import type { Emitter } from "../connection-watch.js";
import type { Subscriber, SubscriberEvents } from "../pubsub/subscriber.js";
import type { NodeRedis3Client } from "./v3-library.js";

type Reply = (error: Error | null) => void;

/** The part of the subscribing client that is used here. */
interface NodeRedis3Listener extends Emitter {
  readonly stream?: { unref?(): unknown; destroy?(): unknown } | null;
  subscribe(channel: string, reply: Reply): unknown;
  unsubscribe(channel: string, reply: Reply): unknown;
  ping(reply: Reply): unknown;
  end(flush: boolean): unknown;
}

/** A duplicate that connects at once and only once. Reconnecting, prefixes and timers are turned off. */
export function openNodeRedis3Subscriber(client: NodeRedis3Client, events: SubscriberEvents): Subscriber {
  const own = client.duplicate?.({
    prefix: null,
    no_ready_check: true,
    enable_offline_queue: false,
    disable_resubscribing: true,
    return_buffers: false,
    detect_buffers: false,
    string_numbers: false,
    retry_strategy: () => undefined,
    // A duplicate has the type of its client: the same library, in the same version.
  }) as NodeRedis3Listener;
  own.stream?.unref?.();
  // Without a listener an error would end the process. Errors occur only when the connection ends.
  own.on("error", () => events.lost());
  own.on("end", () => events.lost());
  own.on("ready", () => events.ready());
  own.on("message", (channel, message) => events.message(String(channel), String(message)));
  return {
    subscribe: (channel) =>
      new Promise<void>((resolve, reject) => {
        own.subscribe(channel, (error) => (error ? reject(error) : resolve()));
      }),
    unsubscribe: (channel) => {
      own.unsubscribe(channel, () => {});
    },
    ping: () =>
      new Promise<void>((resolve, reject) => {
        own.ping((error) => (error ? reject(error) : resolve()));
      }),
    close: () => {
      own.end(false);
      own.stream?.destroy?.();
    },
  };
}
