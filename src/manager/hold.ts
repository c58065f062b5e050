import type { Claim } from "../engine/claim.js";
import { type Clock, elapsed, type Instant } from "../engine/clock.js";
import { validityOf } from "../engine/validity.js";
import { type ExpiryReason, LeaseExpiredError } from "../errors.js";
import type { ReleaseOutcome } from "./types.js";

/** How a hold ended. */
export type HoldEnd = ExpiryReason | "released" | "handedOver";

/** The facts of one lease: what was granted, when, and whether it is over. Over is over: `end` latches. */
export class Hold {
  end: HoldEnd | null = null;
  /** Set once a release was asked for. */
  releasing: Promise<ReleaseOutcome> | null = null;
  /** Nobody holds the lease any more: it is not renewed, and ends at its deadline. */
  dropped = false;
  /** Just before the first request of the round that confirmed it last. */
  private confirmedAt: Instant;
  private controller: AbortController | null = null;

  constructor(
    private readonly clock: Clock,
    readonly claim: Claim,
    readonly resources: readonly string[],
    readonly acquisition: string,
    /** Just before the first request of the round that granted it. */
    readonly grantedAt: Instant,
    public ttl: number,
    public drift: number,
    private readonly maxHold: number,
    readonly fence: number | undefined,
  ) {
    this.confirmedAt = grantedAt;
  }

  /** ms of validity left by the clocks alone; negative by how much the deadline is past. */
  left(): number {
    const granted = validityOf(this.ttl, this.drift, elapsed(this.clock, this.confirmedAt));
    return Math.min(granted, this.maxHold - elapsed(this.clock, this.grantedAt));
  }

  /** Whether the deadline is that of `maxHold`, which no renewal moves. */
  get capped(): boolean {
    const ends = elapsed(this.clock, this.confirmedAt);
    const held = elapsed(this.clock, this.grantedAt);
    return this.maxHold - held <= validityOf(this.ttl, this.drift, ends);
  }

  /** ms until a renewal is due: at half the validity. */
  untilRenewal(): number {
    return (this.ttl - this.drift) / 2 - elapsed(this.clock, this.confirmedAt);
  }

  /** Epoch ms. */
  get validUntil(): number {
    return Math.min(this.confirmedAt.wall + this.ttl - this.drift, this.grantedAt.wall + this.maxHold);
  }

  /** A renewal counts from its own start; one that would end sooner than what is granted already changes nothing. */
  confirm(start: Instant, ttl: number, drift: number): void {
    const now = validityOf(this.ttl, this.drift, elapsed(this.clock, this.confirmedAt));
    if (validityOf(ttl, drift, elapsed(this.clock, start)) <= now) return;
    this.confirmedAt = start;
    this.ttl = ttl;
    this.drift = drift;
  }

  /** Made when first asked for: most short leases never are. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.abortReason !== undefined) this.controller.abort(this.abortReason);
    return this.controller.signal;
  }

  /** What using it now is answered with. */
  overError(): LeaseExpiredError {
    return new LeaseExpiredError(this.resources, this.end ?? "deadline");
  }

  private abortReason: unknown;

  abort(reason: unknown): void {
    this.abortReason ??= reason;
    this.controller?.abort(reason);
  }
}
