import type { Clock, Timer } from "../../engine/time/clock.js";

/** Delay in ms from the first change to the flush that reports it. */
const flushDelay = 100;
/** Interval between two beats, in ms. */
const beatInterval = 1_000;

/**
 * Decides when frames are sent: shortly after a change, and with every beat. The timer does not keep the process
 * alive.
 */
export class FlushTimer {
  private timer: Timer | null = null;
  /** When the last beat was taken, by the monotonic clock. */
  private lastBeat = Number.NEGATIVE_INFINITY;
  /** Whether a flush is scheduled because of a change. */
  pending = false;

  /** `onDue` is called when a flush is due and must call `scheduleNext`. */
  constructor(
    private readonly clock: Clock,
    private readonly onDue: () => void,
  ) {}

  /** Schedules a flush after a change. */
  flushSoon(): void {
    if (this.pending) return;
    this.pending = true;
    this.set(flushDelay);
  }

  /** Schedules the next flush: shortly if there is `more` to send, otherwise with the next beat. */
  scheduleNext(more: boolean): void {
    this.pending = false;
    if (more) return this.flushSoon();
    this.set(Math.max(0, this.lastBeat + beatInterval - this.clock.monotonic()));
  }

  /** Whether a beat is due. A beat that is due counts as sent from then on. */
  takeBeat(): boolean {
    const now = this.clock.monotonic();
    if (now - this.lastBeat < beatInterval) return false;
    this.lastBeat = now;
    return true;
  }

  /** Makes a beat due immediately. */
  requestBeat(): void {
    this.lastBeat = Number.NEGATIVE_INFINITY;
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.pending = false;
  }

  private set(delay: number): void {
    this.timer?.cancel();
    this.timer = this.clock.after(delay, this.onDue, true);
  }
}
