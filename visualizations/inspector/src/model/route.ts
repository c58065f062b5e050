/** What the page shows, according to the address's hash, so that every view can be linked. */
export type Route =
  | { readonly view: "locks" }
  | { readonly view: "lock"; readonly id: string }
  | { readonly view: "nodes" }
  | { readonly view: "incidents"; readonly id?: string };

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#\/?/, "").replace(/\?.*$/s, "");
  if (path === "nodes") return { view: "nodes" };
  if (path === "incidents") return { view: "incidents" };
  const [, kind, id] = /^(lock|incident)\/(.+)$/.exec(path) ?? [];
  if (id === undefined) return { view: "locks" };
  try {
    return { view: kind === "lock" ? "lock" : "incidents", id: decodeURIComponent(id) };
  } catch {
    // The link was cut off in the middle of an escape sequence.
    return { view: "locks" };
  }
}

export function hashOf(route: Route): string {
  if (route.view === "lock") return `#/lock/${encodeURIComponent(route.id)}`;
  if (route.view === "incidents")
    return route.id === undefined ? "#/incidents" : `#/incident/${encodeURIComponent(route.id)}`;
  return route.view === "nodes" ? "#/nodes" : "#/";
}
