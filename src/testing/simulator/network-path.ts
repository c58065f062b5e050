import type { Batch } from "../../engine/node/lock-node.js";

/** How messages travel between one host and one node. */
export interface NetworkPath {
  /** Maximum one-way latency of most messages, in ms. */
  readonly usual: number;
  /** The share of slow messages. */
  readonly slow: number;
  /** Maximum one-way latency of slow messages, in ms. */
  readonly slowest: number;
  /** Whether the client resends unanswered requests on a new connection. */
  readonly resends: boolean;
  /** The share of messages in transit on a dead connection that are delivered all the same, some time later. */
  readonly lateDelivery: number;
  /** The share of wake-up messages that are lost. */
  readonly wakeupLoss: number;
}

/** How the user's Redis client behaves. */
export interface ClientBehaviour {
  /** Whether the client has only `set` and `eval`: it reports no connection state, and cannot open another connection. */
  readonly plain: boolean;
  /** The client's own command timeout in ms; null for none. */
  readonly timeout: number | null;
}

/** Observes the traffic of a link. */
export interface LinkWatch {
  sent(batch: Batch): void;
  note(who: string, what: string, ...details: readonly (string | number)[]): void;
}

/** A request, with what to do when it arrives at the server or is lost. */
export interface Message {
  readonly label: string;
  readonly batch: Batch | null;
  /** Executes the request at the server. Passes to `reply` the callback that handles the reply at the host. */
  readonly runAtServer: (reply: (arrived: () => void) => void) => void;
  readonly lost: () => void;
  /** Whether the request includes the script, because the node lacked it. */
  readonly whole?: boolean;
}

/** A message on its way to the server. */
export interface MessageInTransit {
  readonly message: Message;
  gone: boolean;
}
