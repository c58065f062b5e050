/** What happens on a connection that listens. Never called while it is being made; may be called after `close`. */
export interface SubscriberEvents {
  /** Connected: channels may be subscribed to. */
  ready(): void;
  message(channel: string, message: string): void;
  /** It is gone, or could not be opened. */
  lost(): void;
}

/** One connection that listens, and does nothing else. It is used once: what is lost is opened anew, not reconnected. */
export interface Subscriber {
  /** Settles with what the server says; may never settle once the connection is lost. */
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): void;
  /** Settles with the server's next answer, whatever it says; may never settle once the connection is lost. */
  ping(): Promise<unknown>;
  /** Ends it at once, also while it is being opened. */
  close(): void;
}

/** Starts opening a connection; null where there is nowhere to connect to yet. Implemented once per library. */
export type OpenSubscriber = (events: SubscriberEvents) => Subscriber | null;
