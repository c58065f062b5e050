/** The named exports of the entry point. */

import type * as errors from "./errors.js";
import type * as interfaces from "./interfaces.js";
import type * as locks from "./lock.js";
import { Redlock as RedlockClass } from "./redlock.js";
import type * as types from "./types.js";
import type * as wrappers from "./wrappers.js";

export type { Handle, Lease, Locks } from "../api/types.js";
export { ClientError, ExecutionError, LockError, ResourceLockedError } from "./errors.js";
export type {
  Attempts,
  Disposer,
  Lock as LockInstance,
  LockNotice,
  RedlockConstructor,
  RedlockEvents,
  RedlockInstance,
} from "./interfaces.js";
export { type ClassicLock, Lock, type LockConstructor } from "./lock.js";
export type {
  Callback,
  Client,
  ClientExecutionResult,
  ClientList,
  EvalResult,
  ExecutionResult,
  ExecutionStats,
  GivenSettings,
  Options,
  RedisClient,
  RedlockAbortSignal,
  SetOptions,
  SetResult,
  Settings,
} from "./types.js";
export { IoredisClient, RedisjsClient } from "./wrappers.js";

export const Redlock: interfaces.RedlockConstructor = RedlockClass;
export type Redlock = interfaces.RedlockInstance;

/** The types under the names of the class's static members: as in redlock 4, and for `export =`. */
export namespace Redlock {
  export type Redlock = interfaces.RedlockInstance;
  export type Lock = locks.Lock;
  export type ClassicLock = locks.ClassicLock;
  export type LockConstructor = locks.LockConstructor;
  export type LockError = errors.LockError;
  export type ExecutionError = errors.ExecutionError;
  export type ResourceLockedError = errors.ResourceLockedError;
  export type ClientError = errors.ClientError;
  export type IoredisClient = wrappers.IoredisClient;
  export type RedisjsClient = wrappers.RedisjsClient;
  export type Callback<T> = types.Callback<T>;
  export type Client = types.Client;
  export type ClientExecutionResult = types.ClientExecutionResult;
  export type ClientList = types.ClientList;
  export type CompatibleRedisClient = types.Client;
  export type EvalResult = types.EvalResult;
  export type ExecutionResult = types.ExecutionResult;
  export type ExecutionStats = types.ExecutionStats;
  export type GivenSettings = types.GivenSettings;
  export type LockNotice = interfaces.LockNotice;
  export type Options = types.Options;
  export type RedisClient = types.RedisClient;
  export type RedlockAbortSignal = types.RedlockAbortSignal;
  export type RedlockEvents = interfaces.RedlockEvents;
  export type SetOptions = types.SetOptions;
  export type SetResult = types.SetResult;
  export type Settings = types.Settings;
}
