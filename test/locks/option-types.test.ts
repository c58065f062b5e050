import { describe, expectTypeOf, it } from "vitest";
import type { JobLockOptions } from "../../src/bullmq.js";
import type { HoldfastPluginOptions, RouteLockOptions } from "../../src/fastify.js";
import type { RedisWrite, SqlWrite } from "../../src/guard.js";
import type {
  AcquireOptions,
  ClientModule,
  ElectionOptions,
  GroupedLocksOptions,
  LocksOptions,
  MemoryNodeOptions,
  PermitOptions,
  RetryPolicy,
  SemaphoreOptions,
  UpgradeOptions,
  UsingOptions,
  UsingPermitOptions,
} from "../../src/index.js";
import type { InspectorHandlerOptions, InspectorOptions } from "../../src/inspector.js";
import type { HoldfastModuleAsyncOptions, HoldfastModuleOptions } from "../../src/nest.js";
import type { RequestLockOptions } from "../../src/next.js";
import type { Options as RedlockOptions, SetOptions } from "../../src/redlock.js";
import type { TelemetryOptions } from "../../src/telemetry.js";
import type { SimulationOptions } from "../../src/testing.js";

/** The names of the optional properties that do not accept `undefined` under exactOptionalPropertyTypes. */
type RefusingUndefined<T> = T extends unknown
  ? {
      [Name in keyof T]-?: object extends Pick<T, Name>
        ? undefined extends Required<T>[Name]
          ? never
          : Name
        : never;
    }[keyof T]
  : never;

/** The options that are objects themselves. */
type Inner<T, Name extends keyof T> = Extract<T[Name], object>;

type All =
  | AcquireOptions
  | ClientModule
  | ElectionOptions
  | GroupedLocksOptions
  | HoldfastModuleAsyncOptions
  | HoldfastModuleOptions
  | HoldfastPluginOptions
  | Inner<LocksOptions, "publish">
  | Inner<LocksOptions, "xstate">
  | InspectorHandlerOptions
  | InspectorOptions
  | JobLockOptions<unknown, unknown, string>
  | LocksOptions
  | MemoryNodeOptions
  | PermitOptions
  | RedisWrite
  | RedlockOptions
  | RequestLockOptions<[]>
  | RetryPolicy
  | RouteLockOptions
  | SemaphoreOptions
  | SetOptions
  | SimulationOptions
  | SqlWrite
  | TelemetryOptions
  | UpgradeOptions
  | UsingOptions
  | UsingPermitOptions;

describe("the types of options", () => {
  it("accept undefined for each option that need not be given", () => {
    expectTypeOf<RefusingUndefined<All>>().toBeNever();
    expectTypeOf<
      RefusingUndefined<{ readonly a?: number; readonly b?: number | undefined }>
    >().toEqualTypeOf<"a">();
  });
});
