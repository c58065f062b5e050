import type { Clock, Timer } from "./clock.js";

/** Something that is bounded in time. A link of its list, so that giving it up costs nothing. */
export abstract class Bounded {
  /** By the monotonic clock. */
  due = 0;
  list: Patience | null = null;
  before: Bounded | null = null;
  after: Bounded | null = null;

  abstract timeOut(): void;
}

/** What is given the same time, first come first: one timer for all of it, while there is any. */
class Patience {
  private first: Bounded | null = null;
  private last: Bounded | null = null;
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    /** ms. */
    private readonly time: number,
    private readonly onEmpty: () => void,
  ) {}

  add(bounded: Bounded): void {
    bounded.due = this.clock.monotonic() + this.time;
    bounded.list = this;
    bounded.before = this.last;
    if (this.last === null) this.first = bounded;
    else this.last.after = bounded;
    this.last = bounded;
    this.timer ??= this.clock.after(this.time, this.onTimer);
  }

  remove(bounded: Bounded): void {
    if (bounded.before === null) this.first = bounded.after;
    else bounded.before.after = bounded.after;
    if (bounded.after === null) this.last = bounded.before;
    else bounded.after.before = bounded.before;
    bounded.list = bounded.before = bounded.after = null;
    if (this.first === null) this.stop();
  }

  private readonly onTimer = (): void => {
    this.timer = null;
    const now = this.clock.monotonic();
    for (let next = this.first; next !== null && next.due <= now; next = this.first) {
      this.remove(next);
      next.timeOut();
    }
    if (this.first !== null) this.timer ??= this.clock.after(this.first.due - now, this.onTimer);
  };

  private stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.onEmpty();
  }
}

/** Thousands of questions that are each given so many ms, with a timer for each number of ms rather than for each. */
export class Waits {
  private readonly lists = new Map<number, Patience>();

  constructor(private readonly clock: Clock) {}

  /** Calls `timeOut` after `time` ms, unless it is taken off before. */
  put(bounded: Bounded, time: number): void {
    let list = this.lists.get(time);
    if (list === undefined) {
      list = new Patience(this.clock, time, () => this.lists.delete(time));
      this.lists.set(time, list);
    }
    list.add(bounded);
  }

  take(bounded: Bounded): void {
    bounded.list?.remove(bounded);
  }

  /** ms until its time is, or would have been, over; 0 when it is past. */
  left(bounded: Bounded): number {
    return Math.max(0, bounded.due - this.clock.monotonic());
  }
}
