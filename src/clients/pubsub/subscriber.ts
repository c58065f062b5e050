/**
 * Callbacks of a subscriber connection. Never called while the connection is being created; may be called after
 * `close`.
 */
export interface SubscriberEvents {
  /** The connection is established: channels can be subscribed to. */
  ready(): void;
  message(channel: string, message: string): void;
  /** The connection is lost, or could not be opened. */
  lost(): void;
}

/** A connection that only subscribes. A subscriber is used once: after a loss, a new connection is opened. */
export interface Subscriber {
  /** Settles with the server's reply; may never settle once the connection is lost. */
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): void;
  /** Settles with any reply of the server; may never settle once the connection is lost. */
  ping(): Promise<unknown>;
  /** Ends the connection at once, even while it is being opened. */
  close(): void;
}

/** Starts opening a connection; null if there is no server to connect to yet. Implemented once per library. */
export type OpenSubscriber = (events: SubscriberEvents) => Subscriber | null;
