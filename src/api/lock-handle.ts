import type { LockEvents } from "../lock/events.js";
import type { Hold } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import type { LockActor } from "../lock/lock-actor.js";
import type { AcquireOptions } from "../lock/options.js";
import type { Settings } from "../lock/settings.js";
import { HeldLease } from "./lock-lease.js";
import type { FencedLease, Handle, LockState, ReleaseOutcome } from "./types.js";

/** One lock in its user's hand. */
export class LockHandle implements Handle<FencedLease> {
  readonly #lock: Lock;
  readonly #settings: (options?: AcquireOptions) => Settings;
  #lease: HeldLease | null = null;

  constructor(lock: Lock, settings: (options?: AcquireOptions) => Settings) {
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
    const { hold } = this.#lock;
    return hold !== null && this.#lock.checkHeld(hold) ? this.#leaseOf(hold) : null;
  }

  get actor(): LockActor {
    // A lock's actor has more than its users need; its snapshots are of the same shape.
    return this.#lock.actor as LockActor;
  }

  async acquire(options?: AcquireOptions): Promise<FencedLease> {
    return this.#lock.acquire(this.#settings(options), (hold) => this.#leaseOf(hold));
  }

  /** Releases what is held, and gives up what is being acquired. */
  async release(): Promise<ReleaseOutcome> {
    const { hold } = this.#lock;
    if (hold !== null) return this.#leaseOf(hold).release();
    if (!this.#lock.acquiring) return this.#lease?.release() ?? "released";
    this.#lock.abort(new DOMException("the handle was released", "AbortError"));
    return "released";
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

  /** One lease object a hold, whoever asks first. */
  #leaseOf(hold: Hold): HeldLease {
    if (!this.#lease?.isOf(hold)) this.#lease = new HeldLease(this.#lock, hold);
    return this.#lease;
  }
}
