import type { Clock, Timer } from "../engine/time/clock.js";
import type { Flushable, TickBatcher } from "../engine/time/tick-batcher.js";
import { LinkedList, ListNode } from "../support/linked-list.js";

/** ms between two looks at the clocks. */
const period = 250;
/** ms that the clocks may part between two looks before the timers set by them are no longer trusted. */
const tolerance = 1;

/** What is in use. None of these may throw. */
export abstract class ActiveLock extends ListNode {
  /** The clocks have parted: look again. */
  abstract clocksDiverged(): void;
  /** The manager closes: end what is under way, and let the reason be known. */
  abstract shutDown(error: unknown): void;
  /** The manager has closed. */
  abstract stop(): void;
}

/**
 * The locks that are in use, and the one tick that they share. Timers run on the monotonic clock, which stands still
 * while the machine is suspended; when the wall clock has moved on without it, or stepped, every one is woken.
 */
export class ActiveLocks implements Flushable {
  private readonly locks = new LinkedList<ActiveLock>();
  private timer: Timer | null = null;
  private offset = 0;
  private onEmpty: () => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly batcher: TickBatcher,
  ) {}

  flush(): void {
    if (!this.locks.empty) return;
    this.timer?.cancel();
    this.timer = null;
  }

  add(lock: ActiveLock): void {
    this.locks.add(lock);
    if (this.timer !== null) return;
    this.offset = this.readOffset();
    this.arm();
  }

  remove(lock: ActiveLock): void {
    this.locks.remove(lock);
    if (!this.locks.empty) return;
    // Often the next one comes in the same turn.
    this.batcher.add(this);
    this.onEmpty();
  }

  toArray(): ActiveLock[] {
    return this.locks.toArray();
  }

  /**
   * Withdraws all, waits until they have ended, but not for more than `timeout` ms, and until what they have to tell is told,
   * and stops them.
   */
  async end(error: unknown, timeout: number, told: () => Promise<void>): Promise<void> {
    const left = this.locks.toArray();
    for (const lock of left) lock.shutDown(error);
    if (!this.locks.empty) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.after(timeout, resolve);
        this.onEmpty = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    await told();
    for (const lock of left) lock.stop();
  }

  private arm(): void {
    this.timer = this.clock.after(period, () => this.look(), true);
  }

  private look(): void {
    this.arm();
    const offset = this.readOffset();
    if (Math.abs(offset - this.offset) <= tolerance) return;
    this.offset = offset;
    for (const lock of this.locks.toArray()) lock.clocksDiverged();
  }

  private readOffset(): number {
    return this.clock.wall() - this.clock.monotonic();
  }
}
