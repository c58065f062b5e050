/** What the page shows, according to the address's hash, so that every view can be linked. */
export type Route =
  | { readonly view: "locks" }
  | { readonly view: "lock"; readonly id: string }
  | { readonly view: "nodes" };

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#\/?/, "");
  if (path === "nodes") return { view: "nodes" };
  const id = /^lock\/(.+)$/.exec(path)?.[1];
  if (id === undefined) return { view: "locks" };
  try {
    return { view: "lock", id: decodeURIComponent(id) };
  } catch {
    // The link was cut off in the middle of an escape sequence.
    return { view: "locks" };
  }
}

export function hashOf(route: Route): string {
  if (route.view === "lock") return `#/lock/${encodeURIComponent(route.id)}`;
  return route.view === "nodes" ? "#/nodes" : "#/";
}
