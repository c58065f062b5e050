import type { Clock, Timer } from "../../src/engine/time/clock.js";

/** The clock of another machine: the monotonic time is shared, and the wall clock has an offset. */
export class SkewedClock implements Clock {
  constructor(
    private readonly base: Clock,
    /** ms by which the wall clock is ahead. */
    private ahead: number,
  ) {}

  monotonic(): number {
    return this.base.monotonic();
  }

  wall(): number {
    return this.base.wall() + this.ahead;
  }

  after(delay: number, callback: () => void, background?: boolean): Timer {
    return this.base.after(delay, callback, background);
  }

  step(ms: number): void {
    this.ahead += ms;
  }
}
