import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "@opentelemetry/api";
import { lagGaugesOf } from "./instruments.js";

/** ms between two looks. */
const resolution = 20;
const nanosecond = 1e-9;

/**
 * Late timers are what ends leases in a process that is busy. Node's histogram has the time between two looks, so their
 * distance is taken off. Returns the end.
 */
export function watchEventLoop(meter: Meter): () => void {
  const histogram: IntervalHistogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  const gauges = lagGaugesOf(meter);
  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    if (histogram.count === 0) return;
    const seconds = (value: number) => Math.max(0, value * nanosecond - resolution / 1_000);
    result.observe(gauges.p50, seconds(histogram.percentile(50)));
    result.observe(gauges.p99, seconds(histogram.percentile(99)));
    result.observe(gauges.max, seconds(histogram.max));
    histogram.reset();
  };
  const observed = Object.values(gauges);
  meter.addBatchObservableCallback(observe, observed);
  return () => {
    meter.removeBatchObservableCallback(observe, observed);
    histogram.disable();
  };
}
