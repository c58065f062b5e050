import type { FrameAggregate } from "../inspector/feed/frame-aggregate.js";
import type { TotalsSum } from "../inspector/feed/totals-sum.js";
import { observeAggregate } from "./aggregate-metrics.js";
import { type PrometheusText, prometheusTextOf } from "./prometheus-text.js";

/**
 * Metrics of all processes that publish their locks, as far as their frames allow. Resolves with null if the
 * packages for metrics are not installed. `totals`: also those of processes that the aggregate has forgotten.
 */
export function prometheusOfAggregate(
  aggregate: FrameAggregate,
  totals: TotalsSum,
): Promise<PrometheusText | null> {
  return prometheusTextOf((meter) => observeAggregate(meter, aggregate, totals));
}
