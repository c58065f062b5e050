import type { Clock, Timer } from "../engine/clock.js";

/** The one timer of a lock: setting it anew forgets what it was set to before. */
export class Alarm {
  private timer: Timer | null = null;

  constructor(private readonly clock: Clock) {}

  /** ms, in whole ones, so that it never goes off just before its time; Infinity: it never does. `background`: keeps no process alive. */
  set(delay: number, callback: () => void, background = false): void {
    this.clear();
    if (delay !== Number.POSITIVE_INFINITY)
      this.timer = this.clock.after(Math.ceil(Math.max(0, delay)), callback, background);
  }

  clear(): void {
    this.timer?.cancel();
    this.timer = null;
  }
}
