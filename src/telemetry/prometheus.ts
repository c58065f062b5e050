import type { Meter } from "@opentelemetry/api";
import { managerOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import type { FrameAggregate } from "../inspector/feed/frame-aggregate.js";
import { exportOf, isMissingModule } from "../support/loaded-module.js";
import { observeAggregate } from "./aggregate-metrics.js";
import { Metered } from "./metered.js";
import { scope } from "./names.js";

const sdk = "@opentelemetry/sdk-metrics";
const exporter = "@opentelemetry/exporter-prometheus";

/** Metrics in the text format of Prometheus. */
export interface PrometheusText {
  /** In the text format, `text/plain; version=0.0.4`. */
  text(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * The metrics of `instrumentLocks`, only for these locks and from now on; the program's own providers are not
 * touched. Resolves with null if `@opentelemetry/sdk-metrics` or `@opentelemetry/exporter-prometheus` is not
 * installed.
 * @throws InvalidOptionError for anything but what `createLocks` returned
 */
export async function prometheusOf(locks: readonly Locks[]): Promise<PrometheusText | null> {
  const managers = locks.map(managerOf);
  return textOf((meter) => {
    const metered = new Metered(meter);
    const removals = managers.map((manager) => metered.add(manager));
    return () => {
      for (const remove of removals) remove();
    };
  });
}

/**
 * Metrics of all processes that publish their locks, as far as their frames allow. Resolves with null like {@link
 * prometheusOf}.
 */
export function prometheusOfAggregate(aggregate: FrameAggregate): Promise<PrometheusText | null> {
  return textOf((meter) => observeAggregate(meter, aggregate));
}

async function textOf(fill: (meter: Meter) => () => void): Promise<PrometheusText | null> {
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
