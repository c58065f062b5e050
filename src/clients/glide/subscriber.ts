import type { Subscriber, SubscriberEvents } from "../pubsub/subscriber.js";
import { type GlideClass, type GlideClient, type GlideMessage, stringDecoder } from "./library.js";

/** ms for the reply to a subscription. */
const answerTime = 5_000;

/**
 * Another client of the same class with the same options. GLIDE reconnects and subscribes again by itself; messages of that
 * time are lost, and only an unanswered PING shows a lasting loss.
 */
export function openGlideSubscriber(client: GlideClient, events: SubscriberEvents): Subscriber {
  let own: GlideClient | null = null;
  let closed = false;
  const options = {
    ...client.config,
    databaseId: undefined,
    defaultDecoder: stringDecoder,
    lazyConnect: undefined,
    // Subscriptions need RESP 3, which is the default.
    protocol: undefined,
    clientSideCache: undefined,
    pubsubSubscriptions: {
      channelsAndPatterns: {},
      callback: ({ channel, message }: GlideMessage) => events.message(String(channel), String(message)),
    },
  };
  // The class is that of the client: the same library, in the same version.
  const { createClient } = client.constructor as unknown as GlideClass;
  createClient.call(client.constructor, options).then(
    (opened) => {
      opened.socket?.unref?.();
      own = opened;
      if (closed) opened.close();
      else events.ready();
    },
    () => events.lost(),
  );
  return {
    subscribe: async (channel) => own?.subscribe?.(new Set([channel]), answerTime),
    unsubscribe: (channel) => {
      own?.unsubscribeLazy?.(new Set([channel])).catch(() => {});
    },
    ping: async () => {
      await own?.customCommand(["PING"]).catch(() => events.lost());
    },
    close: () => {
      closed = true;
      own?.close();
    },
  };
}
