import type { Meter } from "@opentelemetry/api";
import { exportOf, isMissingModule } from "../support/loaded-module.js";
import { scope } from "./names.js";

const sdk = "@opentelemetry/sdk-metrics";
const exporter = "@opentelemetry/exporter-prometheus";

/** Metrics in the text format of Prometheus. */
export interface PrometheusText {
  /** In the text format, `text/plain; version=0.0.4`. */
  text(): Promise<string>;
  stop(): Promise<void>;
}

/** The metrics of the instruments that `fill` creates; the function that it returns ends them. */
export async function prometheusTextOf(fill: (meter: Meter) => () => void): Promise<PrometheusText | null> {
  const peers = await load();
  if (peers === null) return null;
  const { MeterProvider, PrometheusExporter, PrometheusSerializer } = peers;
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  // Without the labels and the line that describe the SDK.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const end = fill(provider.getMeter(scope));
  let stopping: Promise<void> | null = null;
  return {
    async text() {
      if (stopping !== null) return "";
      const { resourceMetrics } = await reader.collect();
      return serializer.serialize(resourceMetrics);
    },
    stop() {
      if (stopping === null) {
        end();
        stopping = provider.shutdown();
      }
      return stopping;
    },
  };
}

/**
 * Loads the packages on demand, because they are heavy and optional. Bundlers accept that a package is absent only where
 * its import stands directly in a `try` block.
 */
async function load() {
  try {
    const metrics = await import("@opentelemetry/sdk-metrics");
    const prometheus = await import("@opentelemetry/exporter-prometheus");
    return {
      MeterProvider: exportOf(metrics, sdk, "MeterProvider"),
      PrometheusExporter: exportOf(prometheus, exporter, "PrometheusExporter"),
      PrometheusSerializer: exportOf(prometheus, exporter, "PrometheusSerializer"),
    };
  } catch (error) {
    if (isMissingModule(error)) return null;
    throw error;
  }
}
