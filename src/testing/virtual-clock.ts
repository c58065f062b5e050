import type { Clock, Timer } from "../engine/time/clock.js";
import { InvalidOptionError } from "../errors.js";
import { checkDuration } from "../support/checks.js";
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

  /**
   * `elapsed`: what `monotonic()` returns at first, in ms. `offset`: epoch ms when `monotonic()` was 0.
   *
   * @throws InvalidOptionError
   */
  constructor(
    private elapsed = 0,
    private offset = Date.UTC(2026, 0, 1),
  ) {
    checkFinite("elapsed", elapsed);
    checkFinite("offset", offset);
  }

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

  /**
   * Advances both clocks by `ms`. All promises that a timer starts settle before the next timer runs.
   *
   * @throws InvalidOptionError
   */
  async advance(ms: number): Promise<void> {
    checkDuration("ms", ms, 0, true);
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

  /**
   * Simulates a stall of the event loop: both clocks advance by `ms`, and no timer runs.
   *
   * @throws InvalidOptionError
   */
  stall(ms: number): void {
    checkDuration("ms", ms, 0, true);
    this.elapsed += ms;
  }

  /**
   * Simulates a suspended machine: only the wall clock advances, by `ms`. A negative value steps the wall clock back.
   *
   * @throws InvalidOptionError
   */
  stepWall(ms: number): void {
    checkFinite("ms", ms);
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

function checkFinite(option: string, value: unknown): void {
  if (!Number.isFinite(value)) throw new InvalidOptionError(option, value, "a finite number of ms");
}

/** Waits until all ready promises, and the promises that they start, have run. */
export const settle = (): Promise<void> => new Promise(afterTicks);
