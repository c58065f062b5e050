import type { PrometheusText } from "../../telemetry/prometheus.js";
import type { Frame } from "../feed/frames.js";
import type { Hub } from "./hub.js";

/** What a server shows. */
export interface Shown {
  readonly title: string;
  readonly hub: Hub;
  /** The frames of a recording to replay; null for a live page. */
  readonly recording: readonly Frame[] | null;
  /**
   * Called once, with the first request for metrics. Resolves with null if the packages for metrics are not
   * installed. Null if there are no metrics.
   */
  readonly metrics: (() => Promise<PrometheusText | null>) | null;
}
