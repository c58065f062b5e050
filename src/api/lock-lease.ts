import type { LockMode } from "../engine/protocol/token.js";
import { forgetDrop } from "../lock/dropped-leases.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import type { UpgradeOptions } from "../lock/shared/upgrade-options.js";
import { checkTtl } from "../support/checks.js";
import { Printed } from "../support/printed.js";
import { writeHandover } from "./handover.js";
import type { FencedLease, ReleaseOutcome } from "./types.js";

/** The implementation of `Lease` over a lock and a lease state. */
export class LockLease extends Printed implements FencedLease {
  readonly #lock: Lock;
  readonly #leaseState: LeaseState;

  /** Can be passed on without the lease, as in `finally(lease.release)`. */
  readonly release = (): Promise<ReleaseOutcome> => {
    this.#end();
    return this.#lock.release(this.#leaseState);
  };

  constructor(lock: Lock, leaseState: LeaseState) {
    super();
    this.#lock = lock;
    this.#leaseState = leaseState;
    if (leaseState.grant.renew) leaseState.lease = this;
  }

  /** Whether this is the lease object of that state. */
  isOf(leaseState: LeaseState): boolean {
    return this.#leaseState === leaseState;
  }

  get resources(): readonly string[] {
    return this.#leaseState.resources;
  }

  get ttl(): number {
    return this.#leaseState.ttl;
  }

  get drift(): number {
    return this.#leaseState.drift;
  }

  get mode(): LockMode {
    return this.#leaseState.mode;
  }

  get validUntil(): number {
    return this.#leaseState.validUntil;
  }

  /** Undefined without `fence: true`. The public types show the property only with `fence: true`. */
  get fence(): number {
    return this.#leaseState.fence as number;
  }

  /** Undefined unless the lease is one of a semaphore. The public types show the property only there. */
  get permits(): readonly number[] {
    return this.#leaseState.claim.permits as readonly number[];
  }

  get signal(): AbortSignal {
    return this.#leaseState.signal;
  }

  remaining(): number {
    this.#leaseState.watched = true;
    return this.#left();
  }

  assertHeld(): void {
    this.#leaseState.watched = true;
    if (!this.#lock.checkHeld(this.#leaseState)) throw this.#leaseState.overError();
  }

  async renew(ttl?: number): Promise<void> {
    await this.#lock.renew(this.#leaseState, ttl === undefined ? null : checkTtl(ttl));
  }

  upgrade(options?: UpgradeOptions): Promise<void> {
    return this.#lock.upgradeLease(this.#leaseState, options);
  }

  /** Lets the release free the lock, although `holdAtLeast` is not over: what it protects has not been done. */
  freeOnRelease(): void {
    this.#leaseState.freeOnRelease();
  }

  handover(): string {
    const token = this.#lock.handOver(this.#leaseState);
    this.#end();
    const { ttl, claim, mode } = this.#leaseState;
    const { pool } = this.#lock;
    const resources = pool === null ? this.resources : pool.resourcesOf(claim.permits ?? []);
    return writeHandover({ resources, token, ttl, rest: this.#leaseState.rest(), mode });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  toJSON(): object {
    const { resources, permits, mode, ttl, drift, validUntil, fence } = this;
    return {
      resources,
      permits,
      acquisition: this.#leaseState.acquisition,
      mode,
      ttl,
      drift,
      validUntil,
      fence,
      remaining: this.#left(),
    };
  }

  /** Like `remaining`, without counting as a question of the code under the lease. */
  #left(): number {
    return this.#lock.checkHeld(this.#leaseState) ? Math.max(0, this.#leaseState.left()) : 0;
  }

  /** Removes the state's reference to this object, or the warning about its garbage collection. */
  #end(): void {
    if (this.#leaseState.lease === null) forgetDrop(this);
    else this.#leaseState.lease = null;
  }
}
