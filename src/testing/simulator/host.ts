import { type ClockError, HostClock } from "./clocks.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Timeline } from "./timeline.js";

/** The phases of a tick of the event loop, in order: due timers, network input, deferred callbacks. */
type Phase = "timers" | "network" | "immediates";

const phases: readonly Phase[] = ["timers", "network", "immediates"];

interface Held {
  readonly callback: () => void;
  readonly phase: Phase;
}

/** A process and its machine. The process can stall, be suspended, and die. */
export class Host {
  readonly clock: HostClock;
  dead = false;
  /** True time at which the process last resumed after a stall. */
  thawedAt = Number.NEGATIVE_INFINITY;
  /** True time at which a clock of the process was last stepped, or resumed after a suspension. */
  steppedAt = Number.NEGATIVE_INFINITY;
  private stops = 0;
  private userTimers = 0;
  private inbox: Held[] = [];
  /** Callbacks for when the inbox is empty. */
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

  /** Runs the callback now, or when the process resumes; never after the process died. */
  run(callback: () => void, phase: Phase = "network"): void {
    if (this.dead) return;
    if (this.busy) this.put({ callback, phase });
    else callback();
  }

  /** Stalls the event loop until `thaw` has been called equally often. */
  freeze(): void {
    this.stops++;
  }

  thaw(): void {
    if (--this.stops > 0 || this.dead) return;
    this.thawedAt = this.timeline.now;
    // The event loop runs timers before it reads the network, although the awaited replies may be in the socket already.
    this.inbox = phases.flatMap((phase) => this.inbox.filter((held) => held.phase === phase));
    this.next();
  }

  /** Makes each tick of the event loop take `tick` ms, until the true time `end`. */
  lag(tick: number, end: number): void {
    this.freeze();
    this.timeline.in(tick, () => {
      if (this.timeline.now < end) this.drained.push(() => this.lag(tick, end));
      this.thaw();
    });
  }

  die(): void {
    this.dead = true;
    this.inbox.length = 0;
  }

  /** Sets a timer of the user's program. Returns a function that cancels the timer. */
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

  /** The number of timers that the library has set. */
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

  /** Queues a callback behind the earlier phases. A timer that fires while others run belongs to the next tick. */
  private put(held: Held): void {
    const before =
      held.phase === "network" ? this.inbox.findIndex(({ phase }) => phase === "immediates") : -1;
    if (before < 0) this.inbox.push(held);
    else this.inbox.splice(before, 0, held);
  }

  /** Runs the queued callbacks one by one, so that the promises of one callback settle before the next callback. */
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
