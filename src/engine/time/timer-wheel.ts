import { LinkedList, ListNode } from "../../support/linked-list.js";
import type { Clock, Timer } from "./clock.js";
import type { Flushable, TickBatcher } from "./tick-batcher.js";

/** What is to happen at a time. */
export abstract class TimerEntry extends ListNode {
  bucket: Bucket | null = null;

  abstract due(): void;
}

/** One ms, and all that is due in it. */
class Bucket {
  private readonly entries = new LinkedList<TimerEntry>();
  private timer: Timer;

  constructor(
    private readonly wheel: TimerWheel,
    /** By the monotonic clock. */
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
    // What they put off by nothing is for another slot.
    this.wheel.forget(this);
    // In one go, so that what they send can travel together.
    for (let next = this.entries.first; next !== null; next = this.entries.first) {
      next.bucket = null;
      this.entries.remove(next);
      next.due();
    }
  }
}

/** The times of thousands of locks, with one timer for all that is due in the same ms. */
export class TimerWheel implements Flushable {
  private readonly buckets = new Map<number, Bucket>();
  private emptied: Bucket[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly batcher: TickBatcher,
    /** Keeps no process alive. */
    private readonly background = false,
  ) {}

  /** In so many ms, or up to one later: never before. Finite. Returns the time, by the monotonic clock. */
  schedule(entry: TimerEntry, delay: number): number {
    const time = Math.ceil(this.clock.monotonic() + Math.max(0, delay));
    this.scheduleAt(entry, time);
    return time;
  }

  /** At a whole ms of the monotonic clock. */
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

  /** For the slots. */
  arm(bucket: Bucket): Timer {
    const { clock, background } = this;
    const left = () => bucket.time - clock.monotonic();
    return clock.after(left(), () => bucket.run(left() > 0), background);
  }

  /** Nothing is due in it any more: its timer goes at the end of this turn, unless something else is by then. */
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
