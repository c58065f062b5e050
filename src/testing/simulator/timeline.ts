import { afterTicks } from "../../support/platform.js";

/** A scheduled event; its callback is null once it ran or was cancelled. */
interface Entry {
  readonly time: number;
  readonly order: number;
  callback: (() => void) | null;
}

/** The event queue of a simulation in true time, in ms. No simulated process can read this time. */
export class Timeline {
  private readonly heap: Entry[] = [];
  private order = 0;
  private live = 0;
  private time = 0;

  get now(): number {
    return this.time;
  }

  /** The number of scheduled events. */
  get pending(): number {
    return this.live;
  }

  /** Schedules a callback for a time, or for now if that is past. Events of the same time run in the order of scheduling. */
  at(time: number, callback: () => void): { cancel(): void } {
    const entry: Entry = { time: Math.max(time, this.time), order: this.order++, callback };
    this.push(entry);
    this.live++;
    return {
      cancel: () => {
        if (entry.callback === null) return;
        entry.callback = null;
        this.live--;
      },
    };
  }

  in(delay: number, callback: () => void): { cancel(): void } {
    return this.at(this.time + delay, callback);
  }

  /** Advances to `end`, or until `over` returns true. All promises that an event starts settle before the next event. */
  run(end: number, over: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          const entry = over() ? null : this.next(end);
          if (entry === null) return resolve();
          entry();
        } catch (error) {
          return reject(error);
        }
        afterTicks(step);
      };
      afterTicks(step);
    });
  }

  private next(end: number): (() => void) | null {
    for (let first = this.heap[0]; first !== undefined && first.time <= end; first = this.heap[0]) {
      this.pop();
      const { callback } = first;
      if (callback === null) continue;
      first.callback = null;
      this.live--;
      this.time = first.time;
      return callback;
    }
    this.time = Math.max(this.time, end);
    return null;
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (isBefore(above, entry)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      let smaller = left;
      if (right !== undefined && isBefore(right, left)) {
        smaller = right;
        child++;
      }
      if (isBefore(last, smaller)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
  }
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.time < other.time || (one.time === other.time && one.order < other.order);
