/**
 * The variants: what the locks' process does, and how another process observes it, through the page or the published
 * frames. All variants are compared with the first.
 */
export const variants = {
  without: { title: "a build without the inspector", build: "without" },
  unobserved: { title: "no observer" },
  serving: { title: "`serveInspector`, no page open", serves: true },
  page: { title: "`serveInspector`, one page's events read", serves: true, observer: "events" },
  browser: { title: "`serveInspector`, the page in Chromium", serves: true, observer: "browser" },
  unsubscribed: { title: "`publish: true`, no subscriber", options: { publish: true } },
  subscribed: { title: "`publish: true`, one subscriber", options: { publish: true }, observer: "channel" },
};

/** The maximum cost of a variant, as a share of the throughput. */
export const goals = { unobserved: 0.03, serving: 0.03, page: 0.15 };
