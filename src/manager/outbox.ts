/**
 * What users are to hear, kept back until the chart has come to rest: XState runs actions while it is still computing
 * the next state, and a listener that looks at its lock, or tells it something, must find it where the event says.
 */
export class Outbox {
  private readonly entries: (() => void)[] = [];
  private depth = 0;
  private delivering = false;

  /** Callbacks must not throw. */
  put(callback: () => void): void {
    this.entries.push(callback);
  }

  /** Runs a step of the chart; what it put here is delivered behind the outermost one, in order. */
  around(step: () => void): void {
    this.depth++;
    step();
    this.depth--;
    if (this.depth > 0 || this.delivering) return;
    this.delivering = true;
    for (let next = this.entries.shift(); next !== undefined; next = this.entries.shift()) next();
    this.delivering = false;
  }
}
