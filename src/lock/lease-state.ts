import { validityOf } from "../engine/protocol/validity.js";
import type { Claim } from "../engine/quorum/claim.js";
import { type Clock, elapsed, type Instant } from "../engine/time/clock.js";
import { type ExpiryReason, LeaseExpiredError } from "../errors.js";
import { AsyncResource } from "../support/platform.js";
import type { ReleaseOutcome } from "./release-outcome.js";

/** How a hold ended. */
export type LeaseEnd = ExpiryReason | "released" | "handedOver";

/** What was granted. */
export interface Grant {
  readonly resources: readonly string[];
  readonly acquisition: string;
  /** Epoch ms at which the acquisition began. */
  readonly began: number;
  /** Just before the first request of the round that granted it. */
  readonly at: Instant;
  /** ms. */
  readonly ttl: number;
  readonly drift: number;
  readonly maxHold: number;
  readonly fence: number | undefined;
  /** Whether it is renewed by itself, and how many ms before its end at the latest. */
  readonly renew: boolean;
  readonly renewBefore: number;
  /** From 0 to 1: decides when it is renewed for the first time. */
  readonly chance: number;
}

/** Into so many steps a validity is divided: renewals that are due within one travel together. */
const steps = 50;
/** ms. */
const longestStep = 50;

const shareBy = (chance: number): number => 0.5 - chance / 10;

/** The facts of one lease: what was granted, when, and whether it is over. Over is over: `end` latches. */
export class LeaseState {
  end: LeaseEnd | null = null;
  /** Set once a release was asked for. */
  releasing: Promise<ReleaseOutcome> | null = null;
  /** What its user has, until it is renewed for the first time; then it is its user's alone. */
  lease: object | null = null;
  /** Nobody holds the lease any more: it is not renewed, and ends at its deadline. */
  dropped = false;
  ttl: number;
  drift: number;
  renewals = 0;
  /** Just before the first request of the round that confirmed it last. */
  private confirmedAt: Instant;
  /** After which part of the validity it is renewed. */
  private share: number;
  private controller: AbortController | null = null;
  private context: AsyncResource | null = null;
  private abortReason: unknown;

  constructor(
    private readonly clock: Clock,
    readonly claim: Claim,
    readonly grant: Grant,
  ) {
    this.confirmedAt = grant.at;
    this.share = shareBy(grant.chance);
    this.ttl = grant.ttl;
    this.drift = grant.drift;
  }

  get resources(): readonly string[] {
    return this.grant.resources;
  }

  get acquisition(): string {
    return this.grant.acquisition;
  }

  /** ms of validity left by the clocks alone; negative by how much the deadline is past. */
  left(): number {
    const confirmed = this.confirmedFor();
    return this.bounded ? Math.min(confirmed, this.holdLeft()) : confirmed;
  }

  /** Whether the deadline is that of `maxHold`, which no renewal moves. */
  get capped(): boolean {
    return this.bounded && this.holdLeft() <= this.confirmedFor();
  }

  /**
   * ms until a renewal is due: between two fifths and half of the validity, or before; but not all the time. By chance,
   * so that leases that were taken together are not renewed together for ever; and at the next common time before, so
   * that those that are due at about the same time travel together.
   */
  untilRenewal(): number {
    const validity = this.ttl - this.drift;
    const wanted = Math.max(validity - this.grant.renewBefore, validity / 10);
    const delay = Math.min(validity * this.share, wanted) - elapsed(this.clock, this.confirmedAt);
    const step = Math.min(Math.max(validity / steps, 1), longestStep);
    const now = this.clock.monotonic();
    return Math.floor((now + delay) / step) * step - now;
  }

  /** Epoch ms. */
  get validUntil(): number {
    return Math.min(this.confirmedAt.wall + this.ttl - this.drift, this.grant.at.wall + this.grant.maxHold);
  }

  /**
   * The ttl of a renewal that begins now and was asked for with this ttl. A renewal counts from its own start, and never
   * shortens the lease: what is left of a longer ttl is kept, but never more than that ttl is asked for.
   */
  ttlToRenew(asked: number, driftFactor: number): number {
    const kept = Math.ceil((this.left() + 4) / (1 - driftFactor));
    return Math.max(asked, Math.min(kept, this.ttl));
  }

  /** A renewal counts from its own start, and from nothing before. */
  confirm(start: Instant, ttl: number, drift: number, chance: number): void {
    this.renewals += 1;
    this.confirmedAt = start;
    this.share = shareBy(chance);
    this.ttl = ttl;
    this.drift = drift;
  }

  /** Made when first asked for: most short leases never are. */
  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      // Those who listen are called where they asked, not in whatever ends the lease.
      this.context = new AsyncResource("HoldfastLease");
      if (this.abortReason !== undefined) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  /** What using it now is answered with. */
  overError(): LeaseExpiredError {
    return new LeaseExpiredError(this.resources, this.end ?? "deadline");
  }

  abort(reason: unknown): void {
    this.abortReason ??= reason;
    const { controller, context } = this;
    if (controller !== null) context?.runInAsyncScope(() => controller.abort(reason));
  }

  private confirmedFor(): number {
    return validityOf(this.ttl, this.drift, elapsed(this.clock, this.confirmedAt));
  }

  private get bounded(): boolean {
    return this.grant.maxHold !== Number.POSITIVE_INFINITY;
  }

  private holdLeft(): number {
    return this.grant.maxHold - elapsed(this.clock, this.grant.at);
  }
}
