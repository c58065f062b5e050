import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** ms between two looks. */
const resolution = 20;
const nanosecond = 1e-9;

/** s. */
export interface Lag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What stands for no figure: the SDK would go on with the last one. */
const unknown: Lag = { p50: Number.NaN, p99: Number.NaN, max: Number.NaN };

/**
 * How late the event loop is: in a process that is too busy, leases end because timers come late. Node's histogram has
 * the time between two looks, so their distance is taken off.
 */
export class EventLoop {
  private histogram: IntervalHistogram | null = null;
  private told = false;

  start(): void {
    if (this.histogram !== null) return;
    this.histogram = monitorEventLoopDelay({ resolution });
    this.histogram.enable();
  }

  stop(): void {
    this.histogram?.disable();
    this.histogram = null;
  }

  /** Since it was taken last; null where there was no look yet. */
  take(): Lag | null {
    const { histogram } = this;
    if (histogram === null) return this.told ? unknown : null;
    if (histogram.count === 0) return null;
    const late = (value: number) => Math.max(0, value * nanosecond - resolution / 1_000);
    const lag = {
      p50: late(histogram.percentile(50)),
      p99: late(histogram.percentile(99)),
      max: late(histogram.max),
    };
    // The look that comes next is then lost too: one of hundreds between two collections.
    histogram.reset();
    this.told = true;
    return lag;
  }
}
