import type { Clock } from "../engine/time/clock.js";

/** Delivered in one go; what listeners add beyond that waits for the event loop, which they must not starve. */
const mostAtOnce = 100;

/**
 * What users are to hear, kept back until the chart has come to rest: XState runs actions while it is still computing
 * the next state, and a listener that looks at its lock, or tells it something, must find it where the event says.
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

  /** A step of the chart begins. */
  open(): void {
    this.depth++;
  }

  /** It is over: behind the outermost one, what was put here is delivered in order. */
  close(): void {
    this.depth--;
    if (this.entries !== null) this.deliver();
  }

  private deliver(): void {
    if (this.depth > 0 || this.delivering) return;
    this.delivering = true;
    for (let count = 0; count < mostAtOnce && this.entries !== null; count++) {
      const next = this.entries.shift();
      if (this.entries.length === 0) this.entries = null;
      next?.();
    }
    this.delivering = false;
    if (this.entries !== null) this.clock.after(0, () => this.deliver());
  }
}
