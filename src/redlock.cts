/// <reference lib="esnext.disposable" preserve="true" />

/** The CommonJS face of redlock.ts: `require` gives the class itself. */
import names = require("./redlock/names.js");

const Redlock = names.Redlock;
type Redlock = names.Redlock;

// The types, by the names that the class has its values by.
namespace Redlock {
  export type Redlock = names.Redlock;
  export type Lock = names.Lock;
  export type ClassicLock = names.ClassicLock;
  export type LockConstructor = names.LockConstructor;
  export type LockError = names.LockError;
  export type ExecutionError = names.ExecutionError;
  export type ResourceLockedError = names.ResourceLockedError;
  export type ClientError = names.ClientError;
  export type IoredisClient = names.IoredisClient;
  export type RedisjsClient = names.RedisjsClient;
  export type Callback<T> = names.Callback<T>;
  export type Client = names.Client;
  export type ClientExecutionResult = names.ClientExecutionResult;
  export type EvalResult = names.EvalResult;
  export type ExecutionResult = names.ExecutionResult;
  export type ExecutionStats = names.ExecutionStats;
  export type LockNotice = names.LockNotice;
  export type Options = names.Options;
  export type RedisClient = names.RedisClient;
  export type RedlockAbortSignal = names.RedlockAbortSignal;
  export type RedlockEvents = names.RedlockEvents;
  export type SetOptions = names.SetOptions;
  export type SetResult = names.SetResult;
  export type Settings = names.Settings;
}

export = Redlock;
