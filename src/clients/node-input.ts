import type { LockNode } from "../engine/node/lock-node.js";

/** What every client has: of ioredis and node-redis, in all versions, and of other libraries with the same two methods. */
export interface RedisClientInput {
  // biome-ignore lint/suspicious/noExplicitAny: each library has parameters of its own.
  set(...args: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each library has parameters of its own.
  eval(...args: any[]): unknown;
  /** Pipelines of ioredis have a length. */
  readonly length?: never;
  /** Transactions of node-redis. */
  readonly addCommand?: never;
}

/** What Bun's RedisClient has; older versions lack `eval`. */
interface BunClientInput {
  // biome-ignore lint/suspicious/noExplicitAny: the library has parameters of its own.
  set(...args: any[]): unknown;
  send(command: string, args: string[]): Promise<unknown>;
}

/** A module that gives a client in the worker of `renewal: "worker"`. */
export interface ClientModule {
  /** A file: URL, such as `new URL("./clients.js", import.meta.url)`. The worker imports it. */
  readonly module: string | URL;
  /** The name of the export: a client, or a function that returns one or a promise of one. Default "default". */
  readonly export?: string | undefined;
}

/** An entry of `nodes`; each is one vote. */
export type NodeInput =
  /** `redis://` or `rediss://`: the manager opens and closes the connection. */
  | string
  /** A client of ioredis or node-redis, or an object with `set(key, value, { NX, PX })` and `eval(script, keys, args)`. */
  | RedisClientInput
  | BunClientInput
  /** Only with `renewal: "worker"`, where it takes the place of a client. */
  | ClientModule
  /** `memoryNode()`, or a custom node. */
  | LockNode;
