import type { Clock } from "../../engine/time/clock.js";

/** How much may be told: so many a second, and as many at once after a pause. */
export class RateLimiter {
  private left: number;
  private filled: number;

  constructor(
    private perSecond: number,
    private readonly clock: Clock,
  ) {
    this.left = perSecond;
    this.filled = clock.monotonic();
  }

  /** Whether there is some left for it. */
  take(amount = 1): boolean {
    if (this.left < amount) return false;
    this.left -= amount;
    return true;
  }

  /** From now on. */
  become(perSecond: number): void {
    this.perSecond = perSecond;
    this.left = Math.min(this.left, perSecond);
  }

  /** By the time that has passed: not with each `take`, which is to cost nothing. */
  refill(): void {
    const now = this.clock.monotonic();
    this.left = Math.min(this.perSecond, this.left + ((now - this.filled) / 1_000) * this.perSecond);
    this.filled = now;
  }
}
