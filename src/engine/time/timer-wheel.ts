import { LinkedList, ListNode } from "../../support/linked-list.js";
import type { Clock, Timer } from "./clock.js";
import type { Flushable, TickBatcher } from "./tick-batcher.js";

/** A callback that is scheduled for a time. */
export abstract class TimerEntry extends ListNode {
  abstract due(): void;
}

/** All entries that are due in the same ms, and the system timer for them. */
class Bucket extends LinkedList<TimerEntry> {
  timer: Timer | null = null;

  /** `time`: by the monotonic clock, in ms. */
  constructor(readonly time: number) {
    super();
  }
}

/** Timers for thousands of locks, with one system timer for all entries that are due in the same ms. */
export class TimerWheel implements Flushable {
  private readonly buckets = new Map<number, Bucket>();
  private emptied: Bucket[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly batcher: TickBatcher,
    /** Whether the timers do not keep the process alive. */
    private readonly background = false,
  ) {}

  /**
   * Schedules an entry in `delay` ms (finite), or up to 1 ms later, but never earlier. Returns the monotonic time at
   * which the entry is due.
   */
  schedule(entry: TimerEntry, delay: number): number {
    const time = Math.ceil(this.clock.monotonic() + Math.max(0, delay));
    this.scheduleAt(entry, time);
    return time;
  }

  /** Schedules an entry at a whole ms of the monotonic clock. */
  scheduleAt(entry: TimerEntry, time: number): void {
    const known = this.buckets.get(time);
    if (known !== undefined) return known.add(entry);
    const bucket = new Bucket(time);
    this.buckets.set(time, bucket);
    bucket.add(entry);
    // The system timer is set at the end of this tick, so that what the tick sends need not wait for that.
    this.batcher.whenFlushed(() => {
      if (bucket.first === null) this.forget(bucket);
      else this.arm(bucket);
    });
  }

  /** Removes an entry of this wheel. Does nothing if the entry is not scheduled. */
  remove(entry: TimerEntry): void {
    // Only buckets have timer entries as members.
    const bucket = entry.list as unknown as Bucket | null;
    if (bucket === null) return;
    bucket.remove(entry);
    // The timer of an empty bucket is kept until the end of this tick, because the bucket may have an entry again by then.
    if (bucket.first === null && this.emptied.push(bucket) === 1) this.batcher.add(this);
  }

  flush(): void {
    const { emptied } = this;
    this.emptied = [];
    for (const bucket of emptied) {
      if (bucket.first !== null) continue;
      bucket.timer?.cancel();
      this.forget(bucket);
    }
  }

  private arm(bucket: Bucket): void {
    const { clock, background } = this;
    bucket.timer = clock.after(bucket.time - clock.monotonic(), () => this.run(bucket), background);
  }

  private run(bucket: Bucket): void {
    // A system timer may fire early.
    if (bucket.time > this.clock.monotonic()) return this.arm(bucket);
    // An entry that is rescheduled with a delay of 0 goes to another bucket.
    this.forget(bucket);
    // All entries run in the same tick, so that their commands are sent together.
    for (let next = bucket.first; next !== null; next = bucket.first) {
      bucket.remove(next);
      next.due();
    }
  }

  private forget(bucket: Bucket): void {
    if (this.buckets.get(bucket.time) === bucket) this.buckets.delete(bucket.time);
  }
}

/** A timer that is set again and again. Each setting replaces the previous one. */
export class ResettableTimer extends TimerEntry {
  private target: Pick<TimerEntry, "due"> | null = null;
  private wheel: TimerWheel;

  constructor(
    private readonly foreground: TimerWheel,
    /** A wheel that does not keep the process alive. */
    private readonly background: TimerWheel,
  ) {
    super();
    this.wheel = foreground;
  }

  /** Calls `target.due()` after `delay` ms. With Infinity the timer never fires. */
  set(delay: number, target: Pick<TimerEntry, "due">, inBackground = false): void {
    this.wheel.remove(this);
    this.wheel = inBackground ? this.background : this.foreground;
    this.target = target;
    if (delay !== Number.POSITIVE_INFINITY) this.wheel.schedule(this, delay);
  }

  clear(): void {
    this.wheel.remove(this);
  }

  due(): void {
    this.target?.due();
  }
}
