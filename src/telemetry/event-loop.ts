import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** Sampling interval in ms. */
const resolution = 20;
const nanosecond = 1e-9;

/** In s. */
export interface Lag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** NaN stands for no figure: without an observation the SDK would keep exporting the last value. */
const unknown: Lag = { p50: Number.NaN, p99: Number.NaN, max: Number.NaN };

/**
 * Measures how late the event loop is: in a process that is too busy, leases end because timers are late. The
 * histogram of Node.js includes the sampling interval, which is subtracted.
 */
export class EventLoop {
  private histogram: IntervalHistogram | null = null;
  private reported = false;

  start(): void {
    if (this.histogram !== null) return;
    this.histogram = monitorEventLoopDelay({ resolution });
    this.histogram.enable();
  }

  stop(): void {
    this.histogram?.disable();
    this.histogram = null;
  }

  /** The delay since the last call; null if there is no sample yet. */
  take(): Lag | null {
    const { histogram } = this;
    if (histogram === null) return this.reported ? unknown : null;
    if (histogram.count === 0) return null;
    const delayOf = (value: number) => Math.max(0, value * nanosecond - resolution / 1_000);
    const lag = {
      p50: delayOf(histogram.percentile(50)),
      p99: delayOf(histogram.percentile(99)),
      max: delayOf(histogram.max),
    };
    // The reset also loses the next sample: one of hundreds between two collections.
    histogram.reset();
    this.reported = true;
    return lag;
  }
}
