import { semaphoreName } from "../engine/protocol/permit-keys.js";
import type { LockMode } from "../engine/protocol/token.js";
import { ManagerClosedError } from "../errors.js";
import { Lock } from "../lock/lock.js";
import type { ManagerContext } from "../lock/manager-context.js";
import { checkKnown } from "../lock/option-checks.js";
import type { AcquireOptions, UsingOptions } from "../lock/options.js";
import { PermitPool } from "../lock/permit-pool.js";
import { checkKeys, checkResources, checkSlots } from "../lock/resources.js";
import { coverHold, type Settings, settingsOf } from "../lock/settings.js";

export type Resources = string | readonly string[];

/** Creates the locks of one manager, and the settings of their acquisitions, while the manager is open. */
export class LockFactory {
  private closed = false;

  constructor(
    private readonly context: ManagerContext,
    /** The settings of an acquisition without options. */
    private readonly defaults: Settings,
  ) {}

  /** Returns the checked settings of one acquisition. Later layers win. @throws InvalidOptionError, ManagerClosedError. */
  settings(...layers: readonly (AcquireOptions | undefined)[]): Settings {
    this.checkOpen();
    let settings = this.defaults;
    for (const layer of layers) {
      if (layer === undefined) continue;
      checkKnown("acquire", layer);
      settings = settingsOf(this.context, layer, settings);
    }
    return coverHold(settings);
  }

  /** Returns the checked settings of `using`. @throws InvalidOptionError, ManagerClosedError. */
  usingSettings(options: UsingOptions | undefined): Settings {
    this.checkOpen();
    checkKnown("using", options);
    return coverHold(
      options === undefined ? this.defaults : settingsOf(this.context, options, this.defaults),
    );
  }

  /** Creates an idle lock. @throws InvalidOptionError. */
  lock(resources: Resources, mode: LockMode = "exclusive"): Lock {
    const { context } = this;
    const checked = checkResources(resources);
    const keys = checked.map((resource) => context.prefix + resource);
    checkKeys(keys);
    if (keys.length > 1) checkSlots(context.nodeSet.nodes, keys);
    return new Lock(context, checked, keys, mode);
  }

  /** Creates an idle lock that takes permits of the pool. */
  permits(pool: PermitPool): Lock {
    return new Lock(this.context, Object.freeze([pool.name]), [pool.key], "exclusive", pool);
  }

  /** Creates an idle lock for a lease that was handed over. @throws InvalidOptionError. */
  adopted(resources: readonly string[], mode: LockMode): Lock {
    const { context } = this;
    const name = semaphoreName(resources[0] ?? "");
    if (name === null || !resources.every((resource) => semaphoreName(resource) === name))
      return this.lock(resources, mode);
    const keys = resources.map((resource) => context.prefix + resource);
    return this.permits(new PermitPool(name, keys.length, context.prefix, context.random, keys));
  }

  /** @throws ManagerClosedError if the manager is closed or closing. */
  checkOpen(): void {
    if (this.closed) throw new ManagerClosedError();
  }

  close(): void {
    this.closed = true;
  }
}

/** Returns a function that gives acquisitions their identifiers. */
export function acquisitionIds(series: string): () => string {
  let count = 0;
  return () => `${series}-${++count}`;
}
