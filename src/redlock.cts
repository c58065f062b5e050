/// <reference lib="esnext.disposable" preserve="true" />

/** The CommonJS version of redlock.ts: `require` returns the class itself. Only the declarations of this file are used. */
import leases = require("./api/lease-types.js");
import api = require("./api/types.js");
import interfaces = require("./redlock/interfaces.js");
import names = require("./redlock/names.js");
import types = require("./redlock/types.js");

/** A class of its own: no other value can have a namespace whose members are the named exports themselves. */
declare class Redlock extends names.Redlock {}

/** The named exports under their own identities, by which declaration files of programs refer to inferred types. */
declare namespace Redlock {
  export import Attempts = interfaces.Attempts;
  export import Callback = types.Callback;
  export import ClassicLock = interfaces.ClassicLock;
  export import Client = types.Client;
  export import ClientError = names.ClientError;
  export import ClientExecutionResult = types.ClientExecutionResult;
  export import ClientList = types.ClientList;
  export import CompatibleRedisClient = types.Client;
  export import Disposer = interfaces.Disposer;
  export import EvalResult = types.EvalResult;
  export import ExecutionError = names.ExecutionError;
  export import ExecutionResult = types.ExecutionResult;
  export import ExecutionStats = types.ExecutionStats;
  export import GivenSettings = types.GivenSettings;
  export import Handle = leases.Handle;
  export import IoredisClient = names.IoredisClient;
  export import Lease = leases.Lease;
  export import Lock = names.Lock;
  export import LockConstructor = interfaces.LockConstructor;
  export import LockError = names.LockError;
  export import LockInstance = interfaces.Lock;
  export import LockNotice = interfaces.LockNotice;
  export import Locks = api.Locks;
  export import Options = types.Options;
  export import RedisClient = types.RedisClient;
  export import RedisjsClient = names.RedisjsClient;
  export import Redlock = names.Redlock;
  export import RedlockAbortSignal = types.RedlockAbortSignal;
  export import RedlockConstructor = interfaces.RedlockConstructor;
  export import RedlockEvents = interfaces.RedlockEvents;
  export import RedlockInstance = interfaces.RedlockInstance;
  export import ResourceLockedError = names.ResourceLockedError;
  export import SetOptions = types.SetOptions;
  export import SetResult = types.SetResult;
  export import Settings = types.Settings;
}

export = Redlock;
