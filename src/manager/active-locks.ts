import type { Clock, Timer } from "../engine/time/clock.js";
import type { Flushable, TickBatcher } from "../engine/time/tick-batcher.js";
import { LinkedList, ListNode } from "../support/linked-list.js";

/** ms between two checks of the clocks. */
const period = 250;
/** ms by which the clocks may diverge between two checks before the timers that depend on them are no longer trusted. */
const tolerance = 1;

/** A lock that is in use. Its methods must not throw. */
export abstract class ActiveLock extends ListNode {
  /** Called when the clocks diverged. The lock must check its deadline again. */
  abstract clocksDiverged(): void;
  /** Called when the manager closes. The lock must end its acquisition or lease and report `error` as the reason. */
  abstract shutDown(error: unknown): void;
  /** Called when the manager has closed. */
  abstract stop(): void;
}

/**
 * The locks that are in use, and the periodic clock check that they share. Timers run on the monotonic clock, which stops
 * while the machine is suspended. If the wall clock has advanced without the monotonic clock, or was set, every lock is
 * notified.
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
    // The timer is cancelled at the end of the turn, because the next lock is often added in the same turn.
    this.batcher.add(this);
    this.onEmpty();
  }

  toArray(): ActiveLock[] {
    return this.locks.toArray();
  }

  /** Shuts all locks down, waits for at most `timeout` ms until they have ended, awaits `delivered()`, and stops the locks. */
  async end(error: unknown, timeout: number, delivered: () => Promise<void>): Promise<void> {
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
    await delivered();
    for (const lock of left) lock.stop();
  }

  private arm(): void {
    this.timer = this.clock.after(period, () => this.checkClocks(), true);
  }

  private checkClocks(): void {
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
