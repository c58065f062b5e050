import type { Clock, Timer } from "../engine/time/clock.js";
import { afterTicks } from "../support/platform.js";

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that advances only on request. Timers run in the order of their due times, each at its due time. */
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

  /** The number of timers that are set. */
  get pending(): number {
    return this.entries.size;
  }

  /** Advances both clocks by `ms`. All promises that a timer starts settle before the next timer runs. */
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

  /** Simulates a stall of the event loop: both clocks advance by `ms`, and no timer runs. */
  stall(ms: number): void {
    this.elapsed += ms;
  }

  /** Simulates a suspended machine: only the wall clock advances, by `ms`. A negative value steps the wall clock back. */
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

/** Waits until all ready promises, and the promises that they start, have run. */
export const settle = (): Promise<void> => new Promise(afterTicks);
