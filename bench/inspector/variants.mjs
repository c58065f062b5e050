/**
 * What the locks' own process does, and who looks on from another one: at its page, or at what is published. They are
 * compared with the first.
 */
export const variants = {
  without: { title: "a build without the inspector", build: "without" },
  nobody: { title: "nobody looks" },
  serving: { title: "`serveInspector`, no page open", serves: true },
  page: { title: "`serveInspector`, one page's events read", serves: true, onlooker: "events" },
  browser: { title: "`serveInspector`, the page in Chromium", serves: true, onlooker: "browser" },
  unheard: { title: "`publish: true`, nobody listens", options: { publish: true } },
  heard: { title: "`publish: true`, one process listens", options: { publish: true }, onlooker: "channel" },
};

/** The most that each may cost, as a share of the pairs. */
export const goals = { nobody: 0.03, serving: 0.03, page: 0.15 };
