import type { PrometheusText } from "../../telemetry/prometheus.js";
import type { Frame } from "../feed/frames.js";
import type { Hub } from "./hub.js";

/** What a server shows. */
export interface Shown {
  readonly title: string;
  readonly hub: Hub;
  /** To be played again; null when it shows what happens now. */
  readonly recording: readonly Frame[] | null;
  /**
   * Asked for once, with the first request for them: gives null where the packages that make them are not installed. Null
   * where there are none.
   */
  readonly metrics: (() => Promise<PrometheusText | null>) | null;
}
