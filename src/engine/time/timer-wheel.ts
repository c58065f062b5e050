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
  /** Whether the bucket is in the list of emptied buckets. It may have entries again. */
  emptied = false;

  /** `time`: by the monotonic clock, in ms. */
  constructor(readonly time: number) {
    super();
  }
}

/** Maximum number of emptied buckets that keep their system timers. */
const maxEmptied = 64;

/** Timers for thousands of locks, with one system timer for all entries that are due in the same ms. */
export class TimerWheel implements Flushable {
  private readonly buckets = new Map<number, Bucket>();
  /** The number of scheduled entries. */
  private size = 0;
  private emptied: Bucket[] = [];
  private flushing = false;

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
    this.size++;
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
    this.size--;
    if (bucket.first === null && !bucket.emptied) {
      bucket.emptied = true;
      this.emptied.push(bucket);
    }
    this.flushLater();
  }

  /** Cancels the timers of empty buckets, unless `remove` keeps them. */
  flush(): void {
    this.flushing = false;
    if (!this.mustFlush) return;
    const { emptied } = this;
    this.emptied = [];
    for (const bucket of emptied) {
      bucket.emptied = false;
      if (bucket.first !== null) continue;
      bucket.timer?.cancel();
      this.forget(bucket);
    }
  }

  /**
   * An empty bucket keeps its timer while other entries are scheduled, because the next entry is often due in the same ms,
   * and setting and cancelling a system timer takes long. Without entries no timer may keep the process alive. At the end
   * of this tick there may be entries again.
   */
  private get mustFlush(): boolean {
    return this.size === 0 ? this.emptied.length > 0 : this.emptied.length >= maxEmptied;
  }

  private flushLater(): void {
    if (this.flushing || !this.mustFlush) return;
    this.flushing = true;
    this.batcher.add(this);
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
      this.size--;
      next.due();
    }
    this.flushLater();
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
