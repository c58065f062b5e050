/// <reference lib="esnext.disposable" preserve="true" />

export type * from "./api/types.js";
export { type MemoryNode, type MemoryNodeOptions, memoryNode } from "./clients/memory/memory-node.js";
export type { ClientModule, NodeInput } from "./clients/node-input.js";
export { redisNode } from "./clients/own-client.js";
export type { ScriptCall, ScriptClient, ScriptConnection } from "./clients/script-client.js";
export { createLocks } from "./create-locks.js";
export type {
  AnyElectionEvent,
  CampaignFailedEvent,
  CampaigningEvent,
  DeposedEvent,
  ElectedEvent,
  ElectionEventMap,
  ElectionEvents,
} from "./election/events.js";
export type * from "./election/types.js";
export type {
  Batch,
  Connection,
  KeyReport,
  Keyspace,
  LockNode,
  Replacement,
  Reply,
  Request,
  SubscriptionListener,
} from "./engine/node/lock-node.js";
export type { LockCommand, QueueExit, QueuePlace, QueuePolicy } from "./engine/protocol/command.js";
export type { BlockingHolder, HeldHere } from "./engine/protocol/contention.js";
export type { Identification, Memory, MemoryChange } from "./engine/protocol/memory.js";
export type { SetRecord, SetUse } from "./engine/protocol/set-record.js";
export type { LockMode } from "./engine/protocol/token.js";
export type { Answer, FailureReason, Holder, Reader, Vote } from "./engine/protocol/vote.js";
export type { Clock, Timer } from "./engine/time/clock.js";
export type { Random } from "./engine/time/random.js";
export type { RetryFunction, RetryPolicy, RetryReason } from "./engine/time/retry.js";
export * from "./errors.js";
export type * from "./lock/events.js";
export type * from "./lock/lock-actor.js";
export type { Logger } from "./lock/logger.js";
export type {
  AcquireOptions,
  ClosingSignal,
  GroupedLocksOptions,
  LocksOptions,
  NodeGroups,
  UsingOptions,
} from "./lock/options.js";
export type { UpgradeOptions } from "./lock/shared/upgrade-options.js";
export type * from "./semaphore/types.js";
export type { UpgradeFailure } from "./upgrade-failed-error.js";
