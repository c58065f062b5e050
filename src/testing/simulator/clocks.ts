import type { Clock, Timer } from "../../engine/time/clock.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Timeline } from "./timeline.js";

/** Epoch ms at which simulations begin. */
const epoch = Date.UTC(2026, 0, 1);

/** How a clock differs from true time. */
export interface ClockError {
  /** ms by its clock for each ms of true time. */
  readonly rate: number;
  /** The same of a holder's wall clock, which is slewed apart. */
  readonly wallRate: number;
  /** ms by which its wall clock is ahead at the start. */
  readonly ahead: number;
}

/** A clock that runs at its own rate from one change to the next. */
class RunningClock {
  private since = 0;

  constructor(
    private readonly timeline: Timeline,
    private value: number,
    private rate: number,
  ) {
    this.since = timeline.now;
  }

  read(): number {
    return this.value + (this.timeline.now - this.since) * this.rate;
  }

  change(rate: number, step = 0): void {
    this.value = this.read() + step;
    this.since = this.timeline.now;
    this.rate = rate;
  }
}

/** A node's clock. Keys expire by it, so that a step of it is felt at once. */
export class NodeClock implements Clock {
  private readonly clock: RunningClock;

  constructor(
    private readonly timeline: Timeline,
    private readonly clockError: ClockError,
  ) {
    this.clock = new RunningClock(timeline, epoch + clockError.ahead, clockError.rate);
  }

  monotonic(): number {
    return this.clock.read();
  }

  wall(): number {
    return this.clock.read();
  }

  after(delay: number, callback: () => void): Timer {
    return this.timeline.in(delay / this.clockError.rate, callback);
  }

  step(ms: number): void {
    this.clock.change(this.clockError.rate, ms);
  }

  pause(): void {
    this.clock.change(0);
  }

  resume(): void {
    this.clock.change(this.clockError.rate);
  }
}

/** What runs a host's callbacks: not while it stands still. */
export interface Runner {
  timer(callback: () => void): void;
  /** Behind what has arrived from the network by then. */
  immediate(callback: () => void): void;
}

/** The two clocks of a process. Its timers run by the monotonic one, and come a little early or late. */
export class HostClock implements Clock {
  private readonly monotonicHand: RunningClock;
  private readonly wallHand: RunningClock;
  private suspensions = 0;
  /** Timers that are still set. */
  pending = 0;

  constructor(
    private readonly timeline: Timeline,
    private readonly clockError: ClockError,
    private readonly random: SeededRandom,
    private readonly runner: Runner,
  ) {
    this.monotonicHand = new RunningClock(timeline, 1_000, clockError.rate);
    this.wallHand = new RunningClock(timeline, epoch + timeline.now + clockError.ahead, clockError.wallRate);
  }

  monotonic(): number {
    return this.monotonicHand.read();
  }

  wall(): number {
    return this.wallHand.read();
  }

  after(delay: number, callback: () => void): Timer {
    const due = this.monotonic() + Math.max(0, delay);
    let over = false;
    let timer: Timer;
    this.pending++;
    const end = () => {
      if (over) return;
      over = true;
      this.pending--;
      timer.cancel();
    };
    const fire = () => {
      if (over) return;
      // While the machine was suspended this clock stood still.
      if (this.monotonic() < due - 1) return arm();
      end();
      callback();
    };
    const arm = () => {
      const left = Math.ceil(Math.max(0, due - this.monotonic()));
      const noise = left === 0 ? 0 : this.random.between(-0.5, 1.5);
      timer = this.timeline.in(Math.max(0, left / this.clockError.rate + noise), () =>
        this.runner.timer(fire),
      );
    };
    arm();
    return { cancel: end };
  }

  afterPoll(callback: () => void): void {
    this.runner.immediate(callback);
  }

  /** The wall clock is set. */
  step(ms: number): void {
    this.wallHand.change(this.clockError.wallRate, ms);
  }

  /** The monotonic clock stands still; the wall clock goes on. */
  suspend(): void {
    if (this.suspensions++ === 0) this.monotonicHand.change(0);
  }

  resume(): void {
    if (--this.suspensions === 0) this.monotonicHand.change(this.clockError.rate);
  }
}
