import { TimerEntry, type TimerWheel } from "../engine/time/timer-wheel.js";

/** The one timer of a lock: setting it anew forgets what it was set to before. */
export class LockTimer extends TimerEntry {
  private sleeper: Pick<TimerEntry, "due"> | null = null;

  constructor(
    private readonly foreground: TimerWheel,
    /** Keeps no process alive. */
    private readonly background: TimerWheel,
  ) {
    super();
  }

  /** ms; Infinity: it never goes off. */
  set(delay: number, sleeper: Pick<TimerEntry, "due">, inBackground = false): void {
    this.clear();
    this.sleeper = sleeper;
    if (delay === Number.POSITIVE_INFINITY) return;
    (inBackground ? this.background : this.foreground).schedule(this, delay);
  }

  clear(): void {
    this.bucket?.remove(this);
  }

  due(): void {
    this.sleeper?.due();
  }
}
