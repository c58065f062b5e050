/**
 * How locks are watched. `options()` returns options of `createLocks`, `begin(locks, note)` starts watching, and
 * `acquirer(locks, note)` returns the function that acquires; `note` is called for everything that the watcher receives.
 * `serves` and `observer` are those of inspector/variants.mjs. All ways are compared with the first.
 */
import { fresh } from "../systems/managed.mjs";

const events = [
  "acquiring",
  "retrying",
  "acquired",
  "renewed",
  "quorumLost",
  "expired",
  "released",
  "failed",
];

const subscribed = (locks, note) => async (resource) => {
  const handle = locks.handle(resource);
  handle.actor.subscribe(note);
  await handle.acquire();
  return () => handle.release();
};

async function traced(locks, note) {
  const { BasicTracerProvider, SimpleSpanProcessor } = await import("@opentelemetry/sdk-trace-base");
  const { instrumentLocks } = await import("holdfast/telemetry");
  const exporter = {
    export: (spans, done) => {
      note(spans);
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  instrumentLocks(locks, { tracerProvider });
}

async function metered(locks, note) {
  const { prometheusOf } = await import("holdfast/telemetry");
  const metrics = await prometheusOf([locks]);
  setInterval(async () => note(await metrics.text()), 1_000).unref();
}

export const ways = {
  unwatched: { title: "nothing watches" },
  actor: { title: "each lock's actor has a subscriber", acquirer: subscribed },
  inspect: { title: "`xstate: { inspect }`", options: (note) => ({ xstate: { inspect: note } }) },
  listeners: {
    title: "a listener to each event",
    begin: (locks, note) => {
      for (const event of events) locks.on(event, note);
    },
  },
  page: { title: "`serveInspector`, one page's events read", serves: true, observer: "events" },
  metrics: { title: "`prometheusOf`, read once a second", begin: metered },
  spans: { title: "`instrumentLocks`, each span sampled", begin: traced },
};

/** Starts watching, and returns the function that acquires. */
export async function watch(locks, { begin, acquirer = fresh }, note) {
  await begin?.(locks, note);
  return acquirer(locks, note);
}
