/**
 * The variants: what the locks' process does, and how it is observed: by code in the process (`watch`), or by another
 * process, through the page or the published frames. All variants are compared with the first.
 */
export const variants = {
  without: { title: "a build without the inspector", build: "without" },
  unobserved: { title: "no observer" },
  serving: { title: "`serveInspector`, no page open", serves: true },
  page: { title: "`serveInspector`, one page's events read", serves: true, observer: "events" },
  browser: { title: "`serveInspector`, the page in Chromium", serves: true, observer: "browser" },
  unsubscribed: { title: "`publish: true`, no subscriber", options: { publish: true } },
  subscribed: { title: "`publish: true`, one subscriber", options: { publish: true }, observer: "channel" },
  listeners: { title: "listeners of all events", watch: "listeners" },
  actor: { title: "a subscriber of each `handle.actor`", watch: "actor" },
  xstate: { title: "`xstate.inspect`", watch: "xstate" },
  metrics: { title: "`instrumentLocks`, metrics", watch: "metrics" },
  spans: { title: "`instrumentLocks`, spans of every lock", watch: "spans" },
};

/** The maximum cost of a variant, as a share of the throughput. */
export const goals = {
  unobserved: 0.03,
  serving: 0.03,
  page: 0.15,
  listeners: 0.5,
  actor: 0.5,
  xstate: 0.5,
  metrics: 0.5,
};
