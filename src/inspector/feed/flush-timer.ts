import type { Clock, Timer } from "../../engine/time/clock.js";

/** ms that what happens is collected before it is told. */
const batch = 100;
/** ms between two beats. */
const beatEvery = 1_000;

/** When something is told: soon after something has happened, and with every beat. Keeps no process alive. */
export class FlushTimer {
  private timer: Timer | null = null;
  /** By the monotonic clock. */
  private beaten = Number.NEGATIVE_INFINITY;
  /** Whether something is to be told soon. */
  pending = false;

  /** `due`: is to call `next`. */
  constructor(
    private readonly clock: Clock,
    private readonly due: () => void,
  ) {}

  /** Something has happened. */
  flushSoon(): void {
    if (this.pending) return;
    this.pending = true;
    this.set(batch);
  }

  /** The next time: soon if there is `more`, else with the next beat. */
  next(more: boolean): void {
    this.pending = false;
    if (more) return this.flushSoon();
    this.set(Math.max(0, this.beaten + beatEvery - this.clock.monotonic()));
  }

  /** Whether it is time for a beat, which is then taken as told. */
  beats(): boolean {
    const now = this.clock.monotonic();
    if (now - this.beaten < beatEvery) return false;
    this.beaten = now;
    return true;
  }

  /** A beat is due at once. */
  wantBeat(): void {
    this.beaten = Number.NEGATIVE_INFINITY;
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.pending = false;
  }

  private set(delay: number): void {
    this.timer?.cancel();
    this.timer = this.clock.after(delay, this.due, true);
  }
}
