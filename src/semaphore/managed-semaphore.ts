import { acquireLease, runUnderLease, tryAcquireLease } from "../api/lock-calls.js";
import { LockHandle } from "../api/lock-handle.js";
import type { Handle } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { checkKnown } from "../lock/option-checks.js";
import type { PermitPool } from "../lock/permit-pool.js";
import type { Settings } from "../lock/settings.js";
import type { Manager } from "../manager/manager.js";
import { bindMethods } from "../support/bind-methods.js";
import { Printed } from "../support/printed.js";
import { summarisePermits } from "./permit-inspection.js";
import type { FencedPermitLease, PermitOptions, SemaphoreInspection, UsingPermitOptions } from "./types.js";

type Job<T> = (lease: FencedPermitLease) => T | Promise<T>;

/** The implementation of `Semaphore` over one pool of permits. */
export class ManagedSemaphore extends Printed {
  readonly #manager: Manager;
  readonly #pool: PermitPool;

  constructor(manager: Manager, pool: PermitPool) {
    super();
    this.#manager = manager;
    this.#pool = pool;
    bindMethods(this);
  }

  get name(): string {
    return this.#pool.name;
  }

  get permits(): number {
    return this.#pool.number;
  }

  async acquire(options?: PermitOptions): Promise<FencedPermitLease> {
    const settings = this.#settings(options);
    return await acquireLease(this.#manager.factory.permits(this.#pool), settings);
  }

  async tryAcquire(options?: PermitOptions): Promise<FencedPermitLease | null> {
    const settings = this.#settings(options);
    return await tryAcquireLease(this.#manager.factory.permits(this.#pool), settings);
  }

  using<T>(job: Job<T>): Promise<T>;
  using<T>(options: UsingPermitOptions, job: Job<T>): Promise<T>;
  async using<T>(...all: [Job<T>] | [UsingPermitOptions, Job<T>]): Promise<T> {
    const [options, job] = all.length === 1 ? [undefined, all[0]] : all;
    if (typeof job !== "function") throw new InvalidOptionError("job", job, "a function");
    checkKnown("usingPermits", options);
    const { weight, ...rest } = options ?? {};
    const settings = this.#weighted(this.#manager.factory.usingSettings(rest), weight);
    return await runUnderLease(this.#manager.factory.permits(this.#pool), settings, job);
  }

  handle(options?: PermitOptions): Handle<FencedPermitLease> {
    this.#settings(options);
    const lock = this.#manager.factory.permits(this.#pool);
    const handle = new LockHandle(lock, (more) => this.#settings(options, more));
    // The leases of this lock have permits.
    return handle as unknown as Handle<FencedPermitLease>;
  }

  async inspect(): Promise<SemaphoreInspection> {
    const { name, number, all } = this.#pool;
    const { group } = this.#manager.context;
    const summary = summarisePermits(name, number, await this.#manager.inspectKeys(name, all));
    return group === null ? summary : { ...summary, group };
  }

  toJSON(): object {
    return { name: this.name, permits: this.permits };
  }

  /** Later layers win. */
  #settings(...layers: readonly (PermitOptions | undefined)[]): Settings {
    const rest: Omit<PermitOptions, "weight">[] = [];
    let weight: unknown;
    for (const layer of layers) {
      if (layer === undefined) continue;
      checkKnown("permits", layer);
      const { weight: own, ...others } = layer;
      if (own !== undefined) weight = own;
      rest.push(others);
    }
    return this.#weighted(this.#manager.factory.settings(...rest), weight);
  }

  #weighted(settings: Settings, weight: unknown = settings.weight): Settings {
    const { number } = this.#pool;
    if (weight === settings.weight) return settings;
    if (Number.isInteger(weight) && Number(weight) >= 1 && Number(weight) <= number)
      return { ...settings, weight: Number(weight) };
    const allowed = `an integer from 1 to ${number}, the number of permits`;
    throw new InvalidOptionError("weight", weight, allowed);
  }
}
