import { forgetDrop } from "../lock/dropped-leases.js";
import type { Hold } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import { checkTtl } from "../lock/option-checks.js";
import { writeHandover } from "./handover.js";
import type { FencedLease, ReleaseOutcome } from "./types.js";

/** The lease as its user sees it. */
export class HeldLease implements FencedLease {
  readonly #lock: Lock;
  readonly #hold: Hold;

  constructor(lock: Lock, hold: Hold) {
    this.#lock = lock;
    this.#hold = hold;
    if (hold.grant.renew) hold.lease = this;
  }

  /** Whether this is the lease of that hold. */
  isOf(hold: Hold): boolean {
    return this.#hold === hold;
  }

  get resources(): readonly string[] {
    return this.#hold.resources;
  }

  get ttl(): number {
    return this.#hold.ttl;
  }

  get drift(): number {
    return this.#hold.drift;
  }

  get validUntil(): number {
    return this.#hold.validUntil;
  }

  /** Undefined unless it was asked for, and only then do the types show it. */
  get fence(): number {
    return this.#hold.grant.fence as number;
  }

  get signal(): AbortSignal {
    return this.#hold.signal;
  }

  remaining(): number {
    return this.#lock.checkHeld(this.#hold) ? Math.max(0, this.#hold.left()) : 0;
  }

  assertHeld(): void {
    if (!this.#lock.checkHeld(this.#hold)) throw this.#hold.overError();
  }

  async renew(ttl?: number): Promise<void> {
    await this.#lock.renew(this.#hold, ttl === undefined ? null : checkTtl(ttl));
  }

  release(): Promise<ReleaseOutcome> {
    this.#end();
    return this.#lock.release(this.#hold);
  }

  handover(): string {
    const token = this.#lock.handOver(this.#hold);
    this.#end();
    return writeHandover({ resources: this.#hold.resources, token, ttl: this.#hold.ttl });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  toJSON(): object {
    const { resources, ttl, drift, validUntil, fence } = this;
    return {
      resources,
      acquisition: this.#hold.acquisition,
      ttl,
      drift,
      validUntil,
      fence,
      remaining: this.remaining(),
    };
  }

  /** The hold lets go of it, or is no longer told when it is collected. */
  #end(): void {
    if (this.#hold.lease === null) forgetDrop(this);
    else this.#hold.lease = null;
  }
}
