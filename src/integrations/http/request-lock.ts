import type { Lease } from "../../api/types.js";
import { InvalidOptionError } from "../../errors.js";
import type { OptionsPlace } from "../../lock/option-checks.js";
import {
  checkLocked,
  checkNames,
  type LeaseOptions,
  type LockedOptions,
  resourcesOf,
} from "../lease-options.js";
import { type ContendedStatus, type Refusal, refusalOf } from "./refusal.js";

/**
 * Options of the lock of a request. The options of the acquisition have their usual defaults, but for two: `wait` is 0, so that
 * a request whose lock is taken is refused at once, and `maxHold` is 60,000 ms.
 */
export interface RequestLockOptions<Input extends readonly unknown[]> extends LockedOptions<Input> {
  /** The status of the response when somebody else holds the lock: 409 (Conflict), the default, or 423 (Locked). */
  readonly status?: ContendedStatus | undefined;
}

/** A request has its lease, or is refused. */
export type Admission = { readonly lease: Lease } | { readonly refusal: Refusal };

const defaults: LeaseOptions = { wait: 0, maxHold: 60_000 };

/** The lock that each request of a route needs. */
export class RequestLock<Input extends readonly unknown[]> {
  readonly #options: LockedOptions<Input>;
  readonly #acquire: LeaseOptions;
  readonly #status: ContendedStatus;

  /** @throws InvalidOptionError, ManagerClosedError. */
  constructor(options: RequestLockOptions<Input>, where: OptionsPlace = "lockRequest") {
    checkNames(where, options);
    const { locks, key, status = 409, ...acquire } = options;
    if (status !== 409 && status !== 423) throw new InvalidOptionError("status", status, "409 or 423");
    this.#options = { locks, key };
    this.#acquire = { ...defaults, ...given(acquire) };
    this.#status = status;
    checkLocked(locks, key, this.#acquire);
  }

  /**
   * Acquires the lock of this request. `signal` ends the wait. Rejects with what `key` threw, with an InvalidOptionError if
   * `key` returned no resource, and with the reason of `signal`.
   */
  async admit(input: Input, signal: AbortSignal): Promise<Admission> {
    const { locks, key } = this.#options;
    const resources = await resourcesOf(key, input);
    try {
      return { lease: await locks.acquire(resources, { ...this.#acquire, signal }) };
    } catch (error) {
      const refusal = refusalOf(error, this.#status);
      if (refusal === null) throw error;
      return { refusal };
    }
  }
}

/** The options that are not undefined, so that the others keep their defaults. */
const given = (options: LeaseOptions): LeaseOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
