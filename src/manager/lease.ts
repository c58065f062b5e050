import { named } from "../named.js";
import { checkTtl } from "./check.js";
import { writeHandover } from "./handover.js";
import type { Hold } from "./hold.js";
import type { Lock } from "./lock.js";
import type { FencedLease, ReleaseOutcome } from "./types.js";

/**
 * Warns of a lease that was dropped: collected without having been released. It is then no longer renewed. Nothing
 * that renews it may keep the lease itself alive, which is why it only refers to the lock, and never the reverse.
 */
const dropped = new FinalizationRegistry<Hold>((hold) => {
  if (hold.end !== null) return;
  hold.dropped = true;
  process.emitWarning(
    `the lease of ${named(hold.resources)} was dropped without being released; it is no longer renewed`,
    {
      type: "HoldfastWarning",
      code: "LEASE_DROPPED",
      detail: "Keep the lease until release(), or acquire with using() or `await using`.",
    },
  );
});

/** The lease as its user sees it. */
export class HeldLease implements FencedLease {
  readonly #lock: Lock;
  readonly #hold: Hold;

  constructor(lock: Lock, hold: Hold) {
    this.#lock = lock;
    this.#hold = hold;
    if (hold.grant.renew) dropped.register(this, hold, this);
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
    dropped.unregister(this);
    return this.#lock.release(this.#hold);
  }

  handover(): string {
    const token = this.#lock.handOver(this.#hold);
    dropped.unregister(this);
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
}
