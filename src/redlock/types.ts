import type { NodeInput } from "../clients/node-input.js";
import type { LocksOptions } from "../lock/options.js";

/** The methods that a wrapped client must have. */
export interface RedisClient {
  /** SET with NX and PX: "OK", or null if the key exists. */
  set(resource: string, value: string, options: SetOptions): Promise<SetResult>;
  eval(script: string, keys: string[], args: string[]): Promise<EvalResult>;
}

export interface SetOptions {
  readonly NX: boolean;
  /** ms. */
  readonly PX: number;
}

export type SetResult = string | null;

/** The reply of a script; wrappers must return it unchanged, arrays included. */
// biome-ignore lint/suspicious/noExplicitAny: programs of node-redlock declare it as a number, and receive the script's reply.
export type EvalResult = any;

/** As in redlock 5: the constructor's defaults, and the third argument of a call. */
export interface Settings {
  /** The share of the ttl by which clocks may differ. Default 0.01. */
  readonly driftFactor: number;
  /**
   * How often a failed attempt is repeated; -1: without end. Default 10. In node-redlock's calls the number of
   * attempts, default 3.
   */
  readonly retryCount: number;
  /** ms between attempts. Default 200. */
  readonly retryDelay: number;
  /** The maximum random change of each delay, in ms. Default 100; 0 in node-redlock's calls. */
  readonly retryJitter: number;
  /** `using` extends a lock before its validity falls below this, in ms. Default 500. */
  readonly automaticExtensionThreshold: number;
}

/** The settings of one call; a setting that is undefined counts as not given. */
export type GivenSettings = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };

/** Options of `createLocks` that the constructor also accepts. */
export type MoreOptions = Pick<
  LocksOptions,
  | "nodeTimeout"
  | "connectTimeout"
  | "owner"
  | "quarantine"
  | "unidentified"
  | "onListenerError"
  | "xstate"
  | "clock"
  | "random"
>;

/** The constructor's options. */
export interface Options extends GivenSettings, MoreOptions {}

/** How the clients voted in one attempt. */
export interface ExecutionStats {
  readonly membershipSize: number;
  readonly quorumSize: number;
  /** The clients as they were given to the constructor. */
  readonly votesFor: Set<Client>;
  readonly votesAgainst: Map<Client, Error>;
}

/** One client's vote, in the form of redlock 5. */
export type ClientExecutionResult =
  | { readonly client: Client; readonly vote: "for"; readonly value: number }
  | { readonly client: Client; readonly vote: "against"; readonly error: Error };

export interface ExecutionResult {
  readonly attempts: ReadonlyArray<Promise<ExecutionStats>>;
}

/** A client of ioredis or node-redis, a wrapped one, an address, or a node such as `memoryNode()`. */
// biome-ignore lint/suspicious/noExplicitAny: programs read their own clients, of any class, from the votes.
export type Client = any;

/** What redlock 4 asks of a client. */
interface EvalClientInput {
  // biome-ignore lint/suspicious/noExplicitAny: each library has parameters of its own.
  eval(...args: any[]): unknown;
  /** Pipelines of ioredis have a length. */
  readonly length?: never;
  /** Transactions of node-redis. */
  readonly addCommand?: never;
  /** Pools of node-redis, which do not keep the order of commands. */
  readonly totalClients?: never;
}

/**
 * The constructor's clients: a list or another iterable. A list that the compiler knows to be empty has elements of type
 * never and is refused, because a method of such a list takes no argument of any other type.
 */
export type ClientList = Iterable<NodeInput | EvalClientInput> &
  // biome-ignore lint/suspicious/noExplicitAny: stands for the list's own elements.
  ({ readonly indexOf: (element: any) => number } | { readonly indexOf?: never });

/** As in redlock 5: `error` is set when the signal is aborted because the lock was lost. */
export type RedlockAbortSignal = AbortSignal & { error?: Error };

/** A node-style callback. */
// biome-ignore lint/suspicious/noExplicitAny: callbacks of redlock 4 declare their error with any type.
export type Callback<T> = (error: any, value?: T) => void;
