import type { Clock, Timer } from "../engine/clock.js";

/** The one timer of a lock: setting it anew forgets what it was set to before. */
export class Alarm {
  private timer: Timer | null = null;

  constructor(private readonly clock: Clock) {}

  /** ms; never goes off if that is Infinity. */
  set(delay: number, callback: () => void): void {
    this.clear();
    if (delay !== Number.POSITIVE_INFINITY) this.timer = this.clock.after(Math.max(0, delay), callback);
  }

  clear(): void {
    this.timer?.cancel();
    this.timer = null;
  }
}
