import type { Clock } from "../engine/clock.js";

/** Delivered in one go; what listeners add beyond that waits for the event loop, which they must not starve. */
const mostAtOnce = 100;

/**
 * What users are to hear, kept back until the chart has come to rest: XState runs actions while it is still computing
 * the next state, and a listener that looks at its lock, or tells it something, must find it where the event says.
 */
export class Outbox {
  private entries: (() => void)[] = [];
  private depth = 0;
  private delivering = false;

  constructor(private readonly clock: Clock) {}

  /** Callbacks must not throw. */
  put(callback: () => void): void {
    this.entries.push(callback);
  }

  /** Runs a step of the chart; what it put here is delivered behind the outermost one, in order, even if it throws. */
  around(step: () => void): void {
    this.depth++;
    try {
      step();
    } finally {
      this.depth--;
      this.deliver();
    }
  }

  private deliver(): void {
    if (this.depth > 0 || this.delivering) return;
    this.delivering = true;
    for (let count = 0; count < mostAtOnce; count++) {
      const next = this.entries.shift();
      if (next === undefined) break;
      next();
    }
    this.delivering = false;
    if (this.entries.length > 0) this.clock.after(0, () => this.deliver());
  }
}
