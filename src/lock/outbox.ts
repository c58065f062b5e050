import type { Clock } from "../engine/time/clock.js";

/** The maximum number of callbacks per delivery. Further callbacks wait for a timer, so as not to starve the event loop. */
const maxPerDelivery = 100;

/**
 * The queue of callbacks to user code, held back until the chart has completed its step. XState runs actions while it is
 * still computing the next state, but a listener that reads or uses its lock must find the lock in the state that the
 * event implies.
 */
export class Outbox {
  private entries: (() => void)[] | null = null;
  private depth = 0;
  private delivering = false;

  constructor(private readonly clock: Clock) {}

  /** Callbacks must not throw. */
  put(callback: () => void): void {
    if (this.entries === null) this.entries = [callback];
    else this.entries.push(callback);
  }

  /** Marks the beginning of a step of the chart. Steps may be nested. */
  open(): void {
    this.depth++;
  }

  /** Marks the end of a step. After the outermost step, the queued callbacks are called in order. */
  close(): void {
    this.depth--;
    if (this.entries !== null) this.deliver();
  }

  private deliver(): void {
    if (this.depth > 0 || this.delivering) return;
    this.delivering = true;
    for (let count = 0; count < maxPerDelivery && this.entries !== null; count++) {
      const next = this.entries.shift();
      if (this.entries.length === 0) this.entries = null;
      next?.();
    }
    this.delivering = false;
    if (this.entries !== null) this.clock.after(0, () => this.deliver());
  }
}
