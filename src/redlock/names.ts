/** All that the entry point exports by name. */

export { ClientError, ExecutionError, LockError, ResourceLockedError } from "./errors.js";
export { type ClassicLock, Lock, type LockConstructor } from "./lock.js";
export { Redlock } from "./redlock.js";
export type {
  Callback,
  Client,
  ClientExecutionResult,
  EvalResult,
  ExecutionResult,
  ExecutionStats,
  LockNotice,
  Options,
  RedisClient,
  RedlockAbortSignal,
  RedlockEvents,
  SetOptions,
  SetResult,
  Settings,
} from "./types.js";
export { IoredisClient, RedisjsClient } from "./wrappers.js";
