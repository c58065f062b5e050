import { InvalidOptionError } from "../errors.js";
import type { LockEvents } from "../lock/events.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import type { LockActor } from "../lock/lock-actor.js";
import type { AcquireOptions } from "../lock/options.js";
import type { Settings } from "../lock/settings.js";
import { Printed } from "../support/printed.js";
import { LockLease } from "./lock-lease.js";
import type { FencedLease, Handle, LockState, ReleaseOutcome } from "./types.js";

/** The implementation of `Handle` over one lock. */
export class LockHandle extends Printed implements Handle<FencedLease> {
  readonly #lock: Lock;
  readonly #settings: (options?: AcquireOptions) => Settings;
  #lease: LockLease | null = null;

  /** Releases the held lease, or aborts the pending acquisition. Can be passed on without the handle. */
  readonly release = async (): Promise<ReleaseOutcome> => {
    const { leaseState } = this.#lock;
    if (leaseState !== null) return this.#leaseOf(leaseState).release();
    if (!this.#lock.acquiring) return this.#lease?.release() ?? "released";
    this.#lock.abort(new DOMException("the handle was released", "AbortError"));
    return "released";
  };

  constructor(lock: Lock, settings: (options?: AcquireOptions) => Settings) {
    super();
    this.#lock = lock;
    this.#settings = settings;
  }

  get resources(): readonly string[] {
    return this.#lock.resources;
  }

  get state(): LockState {
    return this.#lock.state;
  }

  get lease(): FencedLease | null {
    const { leaseState } = this.#lock;
    return leaseState !== null && this.#lock.checkHeld(leaseState) ? this.#leaseOf(leaseState) : null;
  }

  get actor(): LockActor {
    // The actor has more members than the interface. Its snapshots have the same shape.
    return this.#lock.actor as LockActor;
  }

  async acquire(options?: AcquireOptions): Promise<FencedLease> {
    const settings = this.#settings(options);
    const { mode } = this.#lock;
    if (settings.mode !== mode)
      throw new InvalidOptionError("mode", settings.mode, `that of the handle, "${mode}"`);
    return this.#lock.acquire(settings, (leaseState) => this.#leaseOf(leaseState));
  }

  on<Name extends keyof LockEvents>(name: Name, listener: LockEvents[Name]): this {
    this.#lock.events.on(name, listener);
    return this;
  }

  once<Name extends keyof LockEvents>(name: Name, listener: LockEvents[Name]): this {
    this.#lock.events.once(name, listener);
    return this;
  }

  off<Name extends keyof LockEvents>(name: Name, listener: LockEvents[Name]): this {
    this.#lock.events.off(name, listener);
    return this;
  }

  toJSON(): object {
    return { resources: this.resources, state: this.state, lease: this.lease };
  }

  /** Returns the same lease object for the same state, regardless of which call asks first. */
  #leaseOf(leaseState: LeaseState): LockLease {
    if (!this.#lease?.isOf(leaseState)) this.#lease = new LockLease(this.#lock, leaseState);
    return this.#lease;
  }
}
