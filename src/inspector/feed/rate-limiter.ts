import type { Clock } from "../../engine/time/clock.js";

/** A token bucket: `perSecond` items a second, and as many at once after a pause. */
export class RateLimiter {
  private remaining: number;
  private refilledAt: number;

  constructor(
    private perSecond: number,
    private readonly clock: Clock,
  ) {
    this.remaining = perSecond;
    this.refilledAt = clock.monotonic();
  }

  /** Takes `amount` from the bucket. Returns false if too little is left. */
  take(amount = 1): boolean {
    if (this.remaining < amount) return false;
    this.remaining -= amount;
    return true;
  }

  /** Changes the rate. */
  setRate(perSecond: number): void {
    this.perSecond = perSecond;
    this.remaining = Math.min(this.remaining, perSecond);
  }

  /** Adds what the elapsed time allows. Separate from `take`, which must cost next to nothing. */
  refill(): void {
    const now = this.clock.monotonic();
    this.remaining = Math.min(
      this.perSecond,
      this.remaining + ((now - this.refilledAt) / 1_000) * this.perSecond,
    );
    this.refilledAt = now;
  }
}
