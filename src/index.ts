/// <reference lib="esnext.disposable" preserve="true" />

export { type MemoryNode, type MemoryNodeOptions, memoryNode } from "./clients/memory.js";
export type { NodeInput } from "./clients/node-input.js";
export type { Clock, Timer } from "./engine/clock.js";
export type { Farewell, Heed, LockCommand, Place } from "./engine/command.js";
export type { Introduction, Memory, MemoryChange } from "./engine/memory.js";
export type {
  Batch,
  Connection,
  KeyReport,
  Keyspace,
  LockNode,
  Replacement,
  Reply,
  Request,
  WakeListener,
} from "./engine/node.js";
export type { Random } from "./engine/random.js";
export type { RetryFunction, RetryPolicy, RetryReason } from "./engine/retry.js";
export type { Answer, FailureReason, Holder, Vote } from "./engine/vote.js";
export * from "./errors.js";
export type * from "./manager/actor.js";
export type * from "./manager/events.js";
export { createLocks } from "./manager/locks.js";
export type { Logger } from "./manager/logger.js";
export type { AcquireOptions, LocksOptions } from "./manager/options.js";
export type * from "./manager/types.js";
