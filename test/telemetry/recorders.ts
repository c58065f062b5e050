import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, context, ROOT_CONTEXT } from "@opentelemetry/api";
import { type DataPoint, type Histogram, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";

/** A tracer provider, and the ended spans in their order. */
export function recordSpans(sampler?: Sampler) {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  const provider = new BasicTracerProvider({ spanProcessors, ...(sampler === undefined ? {} : { sampler }) });
  onTestFinished(() => provider.shutdown());
  const all = () => exporter.getFinishedSpans();
  const named = (name: string) => all().filter((span) => span.name === `holdfast.${name}`);
  const only = (name: string): ReadableSpan => {
    const [span, ...others] = named(name);
    if (span === undefined || others.length > 0) throw new Error(`${others.length + 1} spans of ${name}`);
    return span;
  };
  return { provider, all, named, only };
}

export const msOf = ({ duration: [seconds, nanoseconds] }: ReadableSpan): number =>
  seconds * 1_000 + nanoseconds / 1e6;

/** As the SDK for Node.js sets it up: the active context follows promises. */
export function followContext(): void {
  const storage = new AsyncLocalStorage<Context>();
  const manager: Parameters<typeof context.setGlobalContextManager>[0] = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.call(self, ...args)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  context.setGlobalContextManager(manager);
  onTestFinished(() => context.disable());
}

/** A reader that collects on demand. */
class Reader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

export interface Point {
  readonly metric: string;
  readonly unit: string;
  readonly labels: Readonly<Record<string, unknown>>;
  /** The count, for a histogram. */
  readonly value: number;
  /** Only for a histogram. */
  readonly sum?: number | undefined;
}

/** A meter provider, and access to its metrics. */
export function recordMetrics() {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const collect = async (): Promise<Point[]> => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw errors[0];
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        (dataPoints as readonly DataPoint<number | Histogram>[]).map(({ value, attributes }) => {
          const common = { metric: descriptor.name, unit: descriptor.unit, labels: attributes };
          return typeof value === "number"
            ? { ...common, value }
            : { ...common, value: value.count, sum: value.sum };
        }),
      ),
    );
  };
  return { provider, collect };
}

const fits = (point: Point, metric: string, labels: Record<string, unknown>): boolean =>
  point.metric === metric && Object.entries(labels).every(([key, value]) => point.labels[key] === value);

/** The sum of a metric's points that have these labels. */
export const total = (points: readonly Point[], metric: string, labels: Record<string, unknown> = {}) =>
  points.filter((point) => fits(point, metric, labels)).reduce((sum, { value }) => sum + value, 0);

/** The sum of a histogram's only series with these labels. */
export function sumOf(
  points: readonly Point[],
  metric: string,
  labels: Record<string, unknown> = {},
): number {
  const [point, ...others] = points.filter((candidate) => fits(candidate, metric, labels));
  if (point?.sum === undefined || others.length > 0) throw new Error(`${metric} has not one series`);
  return point.sum;
}
