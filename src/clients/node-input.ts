import type { LockNode } from "../engine/node/lock-node.js";

/**
 * What every client has: of ioredis, iovalkey and node-redis, in all versions, of @upstash/redis, and of other libraries with
 * the same two methods.
 */
export interface RedisClientInput {
  // biome-ignore lint/suspicious/noExplicitAny: each library has parameters of its own.
  set(...args: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each library has parameters of its own.
  eval(...args: any[]): unknown;
  /** Pipelines of ioredis have a length. */
  readonly length?: never;
  /** Transactions of node-redis. */
  readonly addCommand?: never;
  /** Pools of node-redis, which do not keep the order of commands. */
  readonly totalClients?: never;
}

/** What Bun's RedisClient has; older versions lack `eval`. */
interface BunClientInput {
  // biome-ignore lint/suspicious/noExplicitAny: the library has parameters of its own.
  set(...args: any[]): unknown;
  send(command: string, args: string[]): Promise<unknown>;
}

/** What the clients of Valkey GLIDE have, standalone and Cluster. */
interface GlideClientInput {
  customCommand(args: never, options?: never): Promise<unknown>;
  invokeScript(script: never, options?: never): Promise<unknown>;
  close(): void;
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
  /**
   * A client of ioredis, iovalkey, node-redis or @upstash/redis, or an object with `set(key, value, { NX, PX })` and
   * `eval(script, keys, args)`.
   */
  | RedisClientInput
  /** Bun's `RedisClient`. */
  | BunClientInput
  /** A `GlideClient` or `GlideClusterClient` of Valkey GLIDE. */
  | GlideClientInput
  /** Only with `renewal: "worker"`, where it takes the place of a client. */
  | ClientModule
  /** `memoryNode()`, `redisNode()` of a client of your own, or a custom node. */
  | LockNode;
