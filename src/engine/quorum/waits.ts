import { answerTimeout, type Clock } from "../time/clock.js";

/** Bounded waits that all end at once when their owner closes. */
export class Waits {
  private readonly ends = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Calls `over` once: after `ms`, or with `endAll`. Returns a function that ends the wait without a call. */
  start(ms: number, over: () => void): () => void {
    const done = () => {
      end();
      over();
    };
    const timer = answerTimeout(this.clock, ms, done);
    const end = () => {
      timer.cancel();
      this.ends.delete(done);
    };
    this.ends.add(done);
    return end;
  }

  endAll(): void {
    for (const end of [...this.ends]) end();
  }
}
