import {
  type DynamicModule,
  type InjectionToken,
  Logger,
  type ModuleMetadata,
  type Provider,
} from "@nestjs/common";
import type { Locks } from "../../api/types.js";
import { createLocks } from "../../create-locks.js";
import type { GroupedLocksOptions, LocksOptions } from "../../lock/options.js";
import { checkBoolean, checkDuration, checkEntries, checkFunction } from "../../support/checks.js";
import { LocksHealth } from "./locks-health.js";
import { LOCKS } from "./tokens.js";

/** Options of the module: those of `createLocks`. The `logger` defaults to Nest's, with the context "Holdfast". */
export type HoldfastModuleOptions = (LocksOptions | GroupedLocksOptions) & {
  /** The ms for which the application waits for releases when it shuts down. Default 5,000. */
  readonly closeTimeout?: number | undefined;
};

/** Options that a factory returns. */
export interface HoldfastModuleAsyncOptions {
  /** The modules whose providers the factory takes. */
  readonly imports?: ModuleMetadata["imports"] | undefined;
  /** What the factory takes, such as `[ConfigService]`. */
  readonly inject?: InjectionToken[] | undefined;
  readonly useFactory: (...injected: never[]) => HoldfastModuleOptions | Promise<HoldfastModuleOptions>;
  /** Whether all modules have the locks without importing this one. Default true. */
  readonly isGlobal?: boolean | undefined;
}

/** The locks of a Nest application. They are closed when the application has shut down, after its last request. */
// biome-ignore lint/complexity/noStaticOnlyClass: a module of Nest is a class.
export class HoldfastModule {
  /** `isGlobal`: whether all modules have the locks without importing this one. Default true. @throws InvalidOptionError. */
  static forRoot(
    options: HoldfastModuleOptions & { readonly isGlobal?: boolean | undefined },
  ): DynamicModule {
    checkEntries("options", options);
    const { isGlobal, ...others } = options;
    return HoldfastModule.forRootAsync({ useFactory: () => others, isGlobal });
  }

  /** As `forRoot`, with options that a factory returns. @throws InvalidOptionError. */
  static forRootAsync(options: HoldfastModuleAsyncOptions): DynamicModule {
    checkEntries("options", options);
    const { imports = [], inject = [], useFactory, isGlobal = true } = options;
    checkFunction("useFactory", useFactory);
    checkBoolean("isGlobal", isGlobal);
    const providers: Provider[] = [
      {
        provide: LocksOwner,
        useFactory: async (...given: never[]) => new LocksOwner(await useFactory(...given)),
        inject,
      },
      { provide: LOCKS, useFactory: ({ locks }: LocksOwner) => locks, inject: [LocksOwner] },
      { provide: LocksHealth, useFactory: (locks: Locks) => new LocksHealth(locks), inject: [LOCKS] },
    ];
    return { module: HoldfastModule, global: isGlobal, imports, providers, exports: [LOCKS, LocksHealth] };
  }
}

/** Creates the locks and closes them. */
class LocksOwner {
  readonly locks: Locks;
  readonly #closeTimeout: number | undefined;

  constructor(options: HoldfastModuleOptions) {
    checkEntries("options", options);
    const { closeTimeout, ...others } = options;
    if (closeTimeout !== undefined) checkDuration("closeTimeout", closeTimeout, 0);
    this.#closeTimeout = closeTimeout;
    // One of the two kinds of options, which the rest of the object cannot tell.
    this.locks = createLocks({ logger: new Logger("Holdfast"), ...others } as LocksOptions);
  }

  /** Nest calls this after its servers have answered the last request. */
  async onApplicationShutdown(): Promise<void> {
    await this.locks.close(this.#closeTimeout === undefined ? {} : { timeout: this.#closeTimeout });
  }
}
