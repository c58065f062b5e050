import type { Chance } from "./chance.js";
import { type ClockTemper, HostClock } from "./clocks.js";
import type { Timeline } from "./timeline.js";

interface Held {
  readonly callback: () => void;
  readonly isTimer: boolean;
}

/** A process and the machine below it: it can stand still, be suspended, and die. */
export class Host {
  readonly clock: HostClock;
  dead = false;
  /** True time at which it last went on after having stood still. */
  thawedAt = Number.NEGATIVE_INFINITY;
  /** The same for its clocks, which were set or stood still. */
  steppedAt = Number.NEGATIVE_INFINITY;
  private stops = 0;
  private userTimers = 0;
  private readonly inbox: Held[] = [];

  constructor(
    readonly name: string,
    readonly timeline: Timeline,
    readonly chance: Chance,
    temper: ClockTemper,
  ) {
    this.clock = new HostClock(timeline, temper, chance, this.run.bind(this));
  }

  get frozen(): boolean {
    return this.stops > 0;
  }

  /** Runs it now, or when the process goes on; never once it is dead. */
  run(callback: () => void, isTimer = false): void {
    if (this.dead) return;
    if (this.frozen || this.inbox.length > 0) this.inbox.push({ callback, isTimer });
    else callback();
  }

  /** The event loop stalls: nothing runs until as many `thaw` have followed. */
  freeze(): void {
    this.stops++;
  }

  thaw(): void {
    if (--this.stops > 0 || this.dead) return;
    this.thawedAt = this.timeline.now;
    // What an event loop does first depends on where it stood still.
    const order = this.chance.below(3);
    if (order < 2) this.inbox.sort((one, other) => rank(one, order) - rank(other, order));
    this.next();
  }

  die(): void {
    this.dead = true;
    this.inbox.length = 0;
  }

  /** Of the user's own. Returns the cancellation. */
  later(ms: number, callback: () => void): () => void {
    let over = false;
    const end = () => {
      if (!over) this.userTimers--;
      over = true;
    };
    const timer = this.clock.after(ms, () => {
      end();
      callback();
    });
    this.userTimers++;
    return () => {
      end();
      timer.cancel();
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.later(ms, resolve));
  }

  /** Timers that the library has set. */
  get libraryTimers(): number {
    return this.clock.pending - this.userTimers;
  }

  /** One after the other: what one of them starts is settled before the next. */
  private next(): void {
    if (this.frozen || this.dead) return;
    const first = this.inbox.shift();
    if (first === undefined) return;
    this.timeline.in(0, () => this.next());
    first.callback();
  }
}

const rank = ({ isTimer }: Held, timersAre: number): number => (isTimer ? timersAre : 1 - timersAre);
