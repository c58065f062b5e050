/** How code in the locks' own process watches them. Each counts what it receives. */
const received = { count: 0 };
const receive = () => {
  received.count++;
};

const events = [
  "acquiring",
  "acquired",
  "retrying",
  "renewed",
  "quorumLost",
  "released",
  "expired",
  "failed",
];

/** Makes a lock for each pair. */
export const fresh = (locks) => async (resource) => {
  const lease = await locks.acquire(resource);
  return () => lease.release();
};

const subscribed = (locks) => async (resource) => {
  const handle = locks.handle(resource);
  handle.actor.subscribe(receive);
  await handle.acquire();
  return () => handle.release();
};

export const watches = {
  listeners: {
    start(locks) {
      for (const name of events) locks.on(name, receive);
    },
  },
  actor: { acquirer: subscribed },
  xstate: { xstate: { inspect: receive } },
  metrics: {
    async start(locks) {
      const { instrumentLocks } = await import("holdfast/telemetry");
      const { MeterProvider } = await import("@opentelemetry/sdk-metrics");
      const { PrometheusExporter } = await import("@opentelemetry/exporter-prometheus");
      const readers = [new PrometheusExporter({ preventServerStart: true })];
      instrumentLocks(locks, { meterProvider: new MeterProvider({ readers }) });
    },
  },
  /** Spans that are made and then dropped, so that no exporter is measured. */
  spans: {
    async start(locks) {
      const { instrumentLocks } = await import("holdfast/telemetry");
      const { BasicTracerProvider } = await import("@opentelemetry/sdk-trace-base");
      const done = async () => {};
      const processor = { onStart() {}, onEnd: receive, forceFlush: done, shutdown: done };
      instrumentLocks(locks, { tracerProvider: new BasicTracerProvider({ spanProcessors: [processor] }) });
    },
  },
};
