import type { Meter } from "@opentelemetry/api";
import { managerOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import type { FrameAggregate } from "../inspector/feed/frame-aggregate.js";
import { Metered } from "./metered.js";
import { scope } from "./names.js";
import { observeAggregate } from "./world-metrics.js";

/** Metrics as Prometheus reads them. */
export interface PrometheusText {
  /** In the text format, `text/plain; version=0.0.4`. */
  text(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * The metrics of `instrumentLocks`, of these locks alone and from now on; no provider of the program's own is touched.
 * Null where `@opentelemetry/sdk-metrics` and `@opentelemetry/exporter-prometheus` are not installed.
 * @throws InvalidOptionError for anything but what `createLocks` gave.
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

/** Metrics of all processes that tell of their locks, as far as their frames do. Null as with {@link prometheusOf}. */
export function prometheusOfWorld(aggregate: FrameAggregate): Promise<PrometheusText | null> {
  return textOf((meter) => observeAggregate(meter, aggregate));
}

async function textOf(fill: (meter: Meter) => () => void): Promise<PrometheusText | null> {
  const peers = await load();
  if (peers === null) return null;
  const [{ MeterProvider }, { PrometheusExporter, PrometheusSerializer }] = peers;
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  // Without the labels and the line that tell of the SDK.
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

/** They are heavy, and optional: loaded when somebody asks. */
async function load() {
  try {
    return await Promise.all([
      import("@opentelemetry/sdk-metrics"),
      import("@opentelemetry/exporter-prometheus"),
    ]);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND");
