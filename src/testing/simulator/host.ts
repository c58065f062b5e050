import { type ClockError, HostClock } from "./clocks.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Timeline } from "./timeline.js";

/** The phases of a turn of the event loop, in their order: what is due, what has arrived, what was put off until then. */
type Phase = "timers" | "network" | "immediates";

const phases: readonly Phase[] = ["timers", "network", "immediates"];

interface Held {
  readonly callback: () => void;
  readonly phase: Phase;
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
  private inbox: Held[] = [];
  /** Called once nothing is left to run. */
  private drained: (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly timeline: Timeline,
    readonly random: SeededRandom,
    clockError: ClockError,
  ) {
    this.clock = new HostClock(timeline, clockError, random, {
      timer: (callback) => this.run(callback, "timers"),
      immediate: (callback) => this.immediate(callback),
    });
  }

  get frozen(): boolean {
    return this.stops > 0;
  }

  /** Runs it now, or when the process goes on; never once it is dead. */
  run(callback: () => void, phase: Phase = "network"): void {
    if (this.dead) return;
    if (this.busy) this.put({ callback, phase });
    else callback();
  }

  /** The event loop stalls: nothing runs until as many `thaw` have followed. */
  freeze(): void {
    this.stops++;
  }

  thaw(): void {
    if (--this.stops > 0 || this.dead) return;
    this.thawedAt = this.timeline.now;
    // The event loop looks at its timers before it looks at the network, where everything may lie that they wait for.
    this.inbox = phases.flatMap((phase) => this.inbox.filter((held) => held.phase === phase));
    this.next();
  }

  /** The event loop is busy for `turn` ms of each turn, until the true time `end`. */
  lag(turn: number, end: number): void {
    this.freeze();
    this.timeline.in(turn, () => {
      if (this.timeline.now < end) this.drained.push(() => this.lag(turn, end));
      this.thaw();
    });
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

  private get busy(): boolean {
    return this.frozen || this.inbox.length > 0;
  }

  private immediate(callback: () => void): void {
    if (this.busy) this.put({ callback, phase: "immediates" });
    else this.timeline.in(0, () => this.run(callback, "immediates"));
  }

  /** Behind what is due before it; a timer that comes up while others run is for the next turn. */
  private put(held: Held): void {
    const before =
      held.phase === "network" ? this.inbox.findIndex(({ phase }) => phase === "immediates") : -1;
    if (before < 0) this.inbox.push(held);
    else this.inbox.splice(before, 0, held);
  }

  /** One after the other: what one of them starts is settled before the next. */
  private next(): void {
    if (this.frozen || this.dead) return;
    const first = this.inbox.shift();
    if (first === undefined) {
      for (const drained of this.drained.splice(0)) drained();
      return;
    }
    this.timeline.in(0, () => this.next());
    first.callback();
  }
}
