import type { Clock, Timer } from "../engine/time/clock.js";

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that only moves when told to: timers run in due order, each with the time at which it was due. */
export class VirtualClock implements Clock {
  private readonly entries = new Set<Entry>();
  private order = 0;

  constructor(
    private elapsed = 0,
    private offset = Date.UTC(2026, 0, 1),
  ) {}

  monotonic(): number {
    return this.elapsed;
  }

  wall(): number {
    return this.offset + this.elapsed;
  }

  after(delay: number, callback: () => void): Timer {
    const entry = { due: this.elapsed + Math.max(0, delay), order: this.order++, callback };
    this.entries.add(entry);
    return { cancel: () => this.entries.delete(entry) };
  }

  /** Timers that are still set. */
  get pending(): number {
    return this.entries.size;
  }

  /** Moves on by `ms`; whatever a timer starts is settled before the next one runs. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await settle();
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.entries.delete(next);
      this.elapsed = Math.max(this.elapsed, next.due);
      next.callback();
      await settle();
    }
    this.elapsed = end;
  }

  /** The event loop stalls: time passes on both clocks, and no timer runs. */
  stall(ms: number): void {
    this.elapsed += ms;
  }

  /** The machine is suspended: only the wall clock moves on. A negative value steps it back. */
  stepWall(ms: number): void {
    this.offset += ms;
  }

  private next(end: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.entries) {
      if (entry.due > end) continue;
      if (
        first === undefined ||
        entry.due < first.due ||
        (entry.due === first.due && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  }
}

/** Lets everything that is ready run: promises, and what they start. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
