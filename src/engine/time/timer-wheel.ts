import { LinkedList, ListNode } from "../../support/linked-list.js";
import type { Clock, Timer } from "./clock.js";
import type { Flushable, TickBatcher } from "./tick-batcher.js";

/** A callback that is scheduled for a time. */
export abstract class TimerEntry extends ListNode {
  bucket: Bucket | null = null;

  abstract due(): void;
}

/** All entries that are due in the same ms. */
class Bucket {
  private readonly entries = new LinkedList<TimerEntry>();
  private timer: Timer;

  constructor(
    private readonly wheel: TimerWheel,
    /** By the monotonic clock, in ms. */
    readonly time: number,
  ) {
    this.timer = wheel.arm(this);
  }

  add(entry: TimerEntry): void {
    entry.bucket = this;
    this.entries.add(entry);
  }

  remove(entry: TimerEntry): void {
    entry.bucket = null;
    this.entries.remove(entry);
    if (this.entries.empty) this.wheel.bucketEmptied(this);
  }

  get empty(): boolean {
    return this.entries.empty;
  }

  cancel(): void {
    this.timer.cancel();
  }

  run(early: boolean): void {
    if (early) {
      this.timer = this.wheel.arm(this);
      return;
    }
    // An entry that is rescheduled with a delay of 0 goes to another bucket.
    this.wheel.forget(this);
    // All entries run in the same tick, so that their commands are sent together.
    for (let next = this.entries.first; next !== null; next = this.entries.first) {
      next.bucket = null;
      this.entries.remove(next);
      next.due();
    }
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
    let bucket = this.buckets.get(time);
    if (bucket === undefined) {
      bucket = new Bucket(this, time);
      this.buckets.set(time, bucket);
    }
    bucket.add(entry);
  }

  remove(entry: TimerEntry): void {
    entry.bucket?.remove(entry);
  }

  /** Sets the system timer of a bucket. Called by buckets. */
  arm(bucket: Bucket): Timer {
    const { clock, background } = this;
    const left = () => bucket.time - clock.monotonic();
    return clock.after(left(), () => bucket.run(left() > 0), background);
  }

  /**
   * The bucket is empty: its timer is cancelled at the end of this tick, unless the bucket has an entry again by then.
   */
  bucketEmptied(bucket: Bucket): void {
    if (this.emptied.push(bucket) === 1) this.batcher.add(this);
  }

  flush(): void {
    const { emptied } = this;
    this.emptied = [];
    for (const bucket of emptied) {
      if (!bucket.empty) continue;
      bucket.cancel();
      this.forget(bucket);
    }
  }

  forget(bucket: Bucket): void {
    if (this.buckets.get(bucket.time) === bucket) this.buckets.delete(bucket.time);
  }
}
