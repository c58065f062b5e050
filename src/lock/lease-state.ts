import type { LockMode } from "../engine/protocol/token.js";
import { validityOf } from "../engine/protocol/validity.js";
import type { Claim } from "../engine/quorum/claim.js";
import { type Clock, elapsed, type Instant } from "../engine/time/clock.js";
import { type ExpiryReason, LeaseExpiredError } from "../errors.js";
import type { AsyncContext } from "../support/async-context.js";
import type { KeptLease } from "./kept-lease.js";
import type { ReleaseOutcome } from "./release-outcome.js";
import { renewalDelay, stepBefore } from "./renewal-time.js";

/** How a lease ended. */
export type LeaseEnd = ExpiryReason | "released" | "handedOver";

/** The grant of a lease. */
export interface Grant {
  readonly resources: readonly string[];
  readonly acquisition: string;
  /** Epoch ms at which the acquisition began. */
  readonly began: number;
  /** The time just before the first request of the round that granted the lease. */
  readonly at: Instant;
  /** ms. */
  readonly ttl: number;
  /** ms. */
  readonly drift: number;
  /** ms; Infinity for no limit. */
  readonly maxHold: number;
  /** ms. */
  readonly holdAtLeast: number;
  readonly fence: number | undefined;
  readonly mode: LockMode;
  /** The asynchronous context of the acquisition. */
  readonly context: AsyncContext;
  /** Whether the lease is renewed automatically. */
  readonly renew: boolean;
  /** The lease is renewed at least this many ms before its end. */
  readonly renewBefore: number;
  /** A random number from 0 to 1 that decides when the first renewal is due. */
  readonly chance: number;
}

/** The state of one lease: what was granted, when, and whether the lease is over. Once set, `end` never changes. */
export class LeaseState {
  end: LeaseEnd | null = null;
  /** The pending or completed release. Null until a release is requested. */
  releasing: Promise<ReleaseOutcome> | null = null;
  /** The user's lease object, referenced only until the first renewal. After that the state must not keep the object alive. */
  lease: object | null = null;
  /** The user's lease object was garbage-collected. The lease is not renewed and ends at its deadline. */
  dropped = false;
  /** Whether the code under the lease asks whether it is held, or has its signal. */
  watched = false;
  /** The error with which the closing manager ended the lease; null if it did not. */
  takenBack: Error | null = null;
  /** Set while the lease is renewed elsewhere too. */
  kept: KeptLease | null = null;
  /** Why the lease was lost elsewhere; null if it was not. */
  lostElsewhere: ExpiryReason | null = null;
  /** Whether the release frees the lock, although `holdAtLeast` is not over. */
  private freed = false;
  ttl: number;
  drift: number;
  /** "exclusive" also for a shared lease that was upgraded. */
  mode: LockMode;
  fence: number | undefined;
  renewals = 0;
  /** The time just before the first request of the last round that granted or renewed the lease. */
  confirmedAt: Instant;
  /** A random number from 0 to 1 that decides when the next renewal is due. */
  private chance: number;
  private controller: AbortController | null = null;
  private abortReason: unknown;

  constructor(
    private readonly clock: Clock,
    readonly claim: Claim,
    readonly grant: Grant,
  ) {
    this.confirmedAt = grant.at;
    this.chance = grant.chance;
    this.ttl = grant.ttl;
    this.drift = grant.drift;
    this.mode = grant.mode;
    this.fence = grant.fence;
  }

  get resources(): readonly string[] {
    return this.grant.resources;
  }

  get acquisition(): string {
    return this.grant.acquisition;
  }

  /** ms of validity left according to the clocks alone. Negative after the deadline. */
  left(): number {
    if (this.kept !== null) this.lostElsewhere = this.kept.ask(this);
    const { ttl, drift, clock, confirmedAt, grant } = this;
    const confirmed = validityOf(ttl, drift, elapsed(clock, confirmedAt));
    const left =
      grant.maxHold === Number.POSITIVE_INFINITY ? confirmed : Math.min(confirmed, this.holdLeft());
    return this.lostElsewhere === null ? left : Math.min(left, 0);
  }

  /** Whether `maxHold` sets the deadline. No renewal moves that deadline. */
  get capped(): boolean {
    if (this.grant.maxHold === Number.POSITIVE_INFINITY) return false;
    return this.holdLeft() <= validityOf(this.ttl, this.drift, elapsed(this.clock, this.confirmedAt));
  }

  /**
   * Whether a node that votes since this monotonic time in ms may lack the keys: the last round that granted or renewed the
   * lease began earlier. The keys of a shared token are never set again.
   */
  mayLackKeys(since: number): boolean {
    return !this.claim.tokenShared && this.confirmedAt.monotonic <= since;
  }

  /** The ttl in ms of a round that confirms the lease and leaves its end where it is. */
  ttlLeft(): number {
    return Math.max(1, Math.floor(this.ttl - elapsed(this.clock, this.confirmedAt)));
  }

  /**
   * ms until a renewal is due. A renewal is due after two fifths to half of the validity, or earlier if `renewBefore`
   * demands, but not before a tenth. `locks`: the number of locks in use.
   */
  untilRenewal(locks: number): number {
    const { clock, confirmedAt, chance, grant } = this;
    const validity = this.ttl - this.drift;
    const delay = renewalDelay(validity, grant.renewBefore, locks, chance);
    const now = clock.monotonic();
    return stepBefore(now + delay - elapsed(clock, confirmedAt), validity, locks) - now;
  }

  /** Epoch ms. */
  get validUntil(): number {
    if (this.kept !== null) this.lostElsewhere = this.kept.ask(this);
    return Math.min(this.confirmedAt.wall + this.ttl - this.drift, this.grant.at.wall + this.grant.maxHold);
  }

  /**
   * Returns the ttl of a renewal that begins now and was requested with `asked` ms. A renewal counts from its own start
   * and never shortens the lease: the remainder of a longer ttl is kept, up to that ttl. A node that lost the key gets it
   * again for at least the rest of `holdAtLeast`.
   */
  ttlToRenew(asked: number, driftFactor: number): number {
    if (asked >= this.ttl) return Math.max(asked, this.rest());
    const kept = Math.ceil((this.left() + 4) / (1 - driftFactor));
    return Math.max(Math.max(asked, Math.min(kept, this.ttl)), this.rest());
  }

  /**
   * The whole ms of `holdAtLeast` that are left, 0 if it is over. Counted by the monotonic clock alone, because the wall clock
   * may be set forward.
   */
  rest(): number {
    if (this.grant.holdAtLeast === 0 || this.freed) return 0;
    return Math.max(0, Math.ceil(this.keptUntil - this.clock.monotonic()));
  }

  /** The monotonic time at which `holdAtLeast` is over. */
  get keptUntil(): number {
    return this.grant.at.monotonic + this.grant.holdAtLeast;
  }

  /** Lets the release free the lock, although `holdAtLeast` is not over. */
  freeOnRelease(): void {
    this.freed = true;
    this.claim.keptUntil = null;
  }

  /** Records a renewal. The new ttl counts from `start`, the start of the renewal. */
  confirm(start: Instant, ttl: number, drift: number, chance: number): void {
    this.chance = chance;
    if (this.kept === null) return this.record(start, ttl, drift);
    this.kept.confirmed(start, ttl);
    this.confirmElsewhere(start, ttl, drift);
  }

  /** Records a renewal, while another thread renews too. A later end that is known already stays. */
  confirmElsewhere(start: Instant, ttl: number, drift: number): void {
    const end = this.confirmedAt.monotonic + this.ttl - this.drift;
    if (start.monotonic + ttl - drift >= end) this.record(start, ttl, drift);
  }

  private record(start: Instant, ttl: number, drift: number): void {
    this.renewals += 1;
    this.confirmedAt = start;
    this.ttl = ttl;
    this.drift = drift;
  }

  /** Records that the lease has become exclusive. See `confirm`. */
  upgrade(fence: number | undefined): void {
    this.mode = "exclusive";
    if (fence !== undefined) this.fence = fence;
  }

  /** The lease is to be renewed no more, because the user's lease object was garbage-collected. */
  drop(): void {
    this.dropped = true;
    this.kept?.drop();
  }

  /** Created on first access, because most short leases never use a signal. */
  get signal(): AbortSignal {
    this.watched = true;
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.abortReason !== undefined) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  /** The error of any use of the lease after its end. `result`: that of the job. */
  overError(result?: unknown): LeaseExpiredError {
    const { resources, end, takenBack, grant } = this;
    return new LeaseExpiredError(resources, end ?? "deadline", result, takenBack ?? undefined, grant.renew);
  }

  /** The error of the loss of the lease. */
  lossError(reason: ExpiryReason): LeaseExpiredError {
    return new LeaseExpiredError(this.resources, reason, undefined, undefined, this.grant.renew);
  }

  abort(reason: unknown): void {
    this.abortReason ??= reason;
    const { controller, grant } = this;
    if (controller !== null) grant.context.runInAsyncScope(() => controller.abort(reason));
  }

  private holdLeft(): number {
    return this.grant.maxHold - elapsed(this.clock, this.grant.at);
  }
}
