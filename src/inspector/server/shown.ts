import type { PrometheusText } from "../../telemetry/prometheus.js";
import type { Hub } from "./hub.js";
import type { Past } from "./past.js";
import type { Story } from "./story.js";

/** What a server shows. */
export interface Shown {
  readonly title: string;
  readonly hub: Hub;
  /** The recording to replay; null for a live page. */
  readonly recording: Past | null;
  /**
   * Called once, with the first request for metrics. Resolves with null if the packages for metrics are not
   * installed. Null if there are no metrics.
   */
  readonly metrics: (() => Promise<PrometheusText | null>) | null;
  /** What the page tells beside that; absent or null: nothing. */
  readonly story?: Story | null;
}
