import { TimerEntry, type TimerWheel } from "../engine/time/timer-wheel.js";

/** The single timer of a lock. Setting the timer replaces its previous setting. */
export class LockTimer extends TimerEntry {
  private target: Pick<TimerEntry, "due"> | null = null;

  constructor(
    private readonly foreground: TimerWheel,
    /** A wheel that does not keep the process alive. */
    private readonly background: TimerWheel,
  ) {
    super();
  }

  /** Calls `target.due()` after `delay` ms. With Infinity the timer never fires. */
  set(delay: number, target: Pick<TimerEntry, "due">, inBackground = false): void {
    this.clear();
    this.target = target;
    if (delay === Number.POSITIVE_INFINITY) return;
    (inBackground ? this.background : this.foreground).schedule(this, delay);
  }

  clear(): void {
    this.bucket?.remove(this);
  }

  due(): void {
    this.target?.due();
  }
}
