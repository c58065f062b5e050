import type { Clock, Timer } from "../engine/time/clock.js";
import type { Departing, Turn } from "../engine/time/tick-batcher.js";
import { Chain, Link } from "../support/linked-list.js";

/** ms between two looks at the clocks. */
const period = 250;
/** ms that the clocks may part between two looks before the timers set by them are no longer trusted. */
const tolerance = 1;

/** What is in use. None of these may throw. */
export abstract class Sleeper extends Link {
  /** The clocks have parted: look again. */
  abstract wake(): void;
  /** The manager closes: end what is under way, and let the reason be known. */
  abstract withdraw(error: unknown): void;
  /** The manager has closed. */
  abstract stop(): void;
}

/**
 * The locks that are in use, and the one tick that they share. Timers run on the monotonic clock, which stands still
 * while the machine is suspended; when the wall clock has moved on without it, or stepped, every one is woken.
 */
export class Vigil implements Departing {
  private readonly sleepers = new Chain<Sleeper>();
  private timer: Timer | null = null;
  private offset = 0;
  private onEmpty: () => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly turn: Turn,
  ) {}

  depart(): void {
    if (!this.sleepers.empty) return;
    this.timer?.cancel();
    this.timer = null;
  }

  add(sleeper: Sleeper): void {
    this.sleepers.add(sleeper);
    if (this.timer !== null) return;
    this.offset = this.readOffset();
    this.arm();
  }

  remove(sleeper: Sleeper): void {
    this.sleepers.remove(sleeper);
    if (!this.sleepers.empty) return;
    // Often the next one comes in the same turn.
    this.turn.add(this);
    this.onEmpty();
  }

  toArray(): Sleeper[] {
    return this.sleepers.toArray();
  }

  /**
   * Withdraws all, waits until they have ended, but not for more than `timeout` ms, and until what they have to tell is told,
   * and stops them.
   */
  async end(error: unknown, timeout: number, told: () => Promise<void>): Promise<void> {
    const left = this.sleepers.toArray();
    for (const sleeper of left) sleeper.withdraw(error);
    if (!this.sleepers.empty) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.after(timeout, resolve);
        this.onEmpty = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    await told();
    for (const sleeper of left) sleeper.stop();
  }

  private arm(): void {
    this.timer = this.clock.after(period, () => this.look(), true);
  }

  private look(): void {
    this.arm();
    const offset = this.readOffset();
    if (Math.abs(offset - this.offset) <= tolerance) return;
    this.offset = offset;
    for (const sleeper of this.sleepers.toArray()) sleeper.wake();
  }

  private readOffset(): number {
    return this.clock.wall() - this.clock.monotonic();
  }
}
