import type { Subscriber, SubscriberEvents } from "../pubsub/subscriber.js";
import type { BunClient } from "./library.js";

/** A duplicate that connects once: after a reconnection it would not subscribe again. */
export function openBunSubscriber(client: BunClient, events: SubscriberEvents): Subscriber {
  let own: BunClient | null = null;
  let closed = false;
  client.duplicate().then(
    (opened) => {
      own = opened;
      if (closed) return opened.close();
      opened.onclose = () => events.lost();
      opened.onconnect = () => events.lost();
      events.ready();
    },
    () => events.lost(),
  );
  return {
    subscribe: async (channel) =>
      own?.subscribe?.(channel, (message, from) => events.message(String(from), String(message))),
    unsubscribe: (channel) => {
      own?.unsubscribe?.(channel).catch(() => {});
    },
    ping: async () => own?.send("PING", []),
    close: () => {
      closed = true;
      own?.close();
    },
  };
}
