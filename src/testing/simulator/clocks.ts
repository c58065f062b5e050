import type { Clock, Timer } from "../../engine/time/clock.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Timeline } from "./timeline.js";

/** Epoch ms at which a simulation begins. */
const epoch = Date.UTC(2026, 0, 1);

/** Factor for the slowest clock and the allowance for drift. */
export const slowClockFactor = 1.15;

/** How a clock differs from true time. */
export interface ClockError {
  /** Rate of the monotonic clock, in ms per ms of true time. */
  readonly rate: number;
  /** Rate of a host's wall clock, which is slewed separately. A node has only one clock. */
  readonly wallRate: number;
  /** How far the wall clock is ahead of true time at the start, in ms. */
  readonly ahead: number;
}

/** A clock that runs at a constant rate between two changes. */
class RunningClock {
  private since = 0;
  private readonly earlier: { readonly since: number; readonly value: number; readonly rate: number }[] = [];

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

  /** The earliest true time at which the clock, if it was never stepped, had this value. */
  trueTimeOf(value: number): number {
    const last = { since: this.since, value: this.value, rate: this.rate };
    const span = [...this.earlier, last].reverse().find((one) => one.rate > 0 && one.value <= value);
    return span === undefined ? 0 : span.since + (value - span.value) / span.rate;
  }

  change(rate: number, step = 0): void {
    this.earlier.push({ since: this.since, value: this.value, rate: this.rate });
    this.value = this.read() + step;
    this.since = this.timeline.now;
    this.rate = rate;
  }
}

/** A node's clock. Keys expire by this clock, so a step takes effect immediately. */
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

/** Runs the callbacks of a host, but not while the host is stalled. */
export interface Runner {
  timer(callback: () => void): void;
  /** Runs the callback after everything that has arrived from the network. */
  immediate(callback: () => void): void;
}

/** The two clocks of a process. Timers use the monotonic clock, and fire slightly early or late. */
export class HostClock implements Clock {
  private readonly monotonicClock: RunningClock;
  private readonly wallClock: RunningClock;
  private suspensions = 0;
  /** The number of timers that are set. */
  pending = 0;

  constructor(
    private readonly timeline: Timeline,
    private readonly clockError: ClockError,
    private readonly random: SeededRandom,
    private readonly runner: Runner,
  ) {
    this.monotonicClock = new RunningClock(timeline, 1_000, clockError.rate);
    this.wallClock = new RunningClock(timeline, epoch + timeline.now + clockError.ahead, clockError.wallRate);
  }

  monotonic(): number {
    return this.monotonicClock.read();
  }

  wall(): number {
    return this.wallClock.read();
  }

  /** The earliest true time at which the monotonic clock had this value. */
  trueTimeOf(monotonic: number): number {
    return this.monotonicClock.trueTimeOf(monotonic);
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
      // The monotonic clock stopped while the machine was suspended.
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

  /** Steps the wall clock by `ms`. */
  step(ms: number): void {
    this.wallClock.change(this.clockError.wallRate, ms);
  }

  /** Stops the monotonic clock; the wall clock continues. */
  suspend(): void {
    if (this.suspensions++ === 0) this.monotonicClock.change(0);
  }

  resume(): void {
    if (--this.suspensions === 0) this.monotonicClock.change(this.clockError.rate);
  }
}
