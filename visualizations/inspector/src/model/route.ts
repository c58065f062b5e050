/** What the page shows, according to the address's hash, so that every view can be linked. */
export type Route =
  | { readonly view: "locks" }
  /** `prefix`: of the keys of the locks. `semaphore`: the semaphore of this name, which has nothing to do with a lock of it. */
  | {
      readonly view: "resource";
      readonly name: string;
      readonly prefix: string;
      readonly semaphore?: boolean;
    }
  | { readonly view: "lock"; readonly id: string }
  /** `source` and `node`: the node, as this process sees it, that is shown in detail. */
  | { readonly view: "nodes"; readonly source?: string; readonly node?: string }
  | { readonly view: "process"; readonly source: string }
  /** `id`: the incident that is shown in detail. */
  | { readonly view: "incidents"; readonly id?: string };

/** Whether the list is shown, beside what the view shows. */
export const isListed = ({ view }: Route): boolean =>
  view === "locks" || view === "resource" || view === "lock";

/** Null for a link that was cut off in the middle of an escape sequence. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, ...rest] = path.split("/");
  const [first = null, second = null] = [rest[0], rest[1]].map((part) => (part ? decoded(part) : null));
  if (view === "nodes") {
    return first === null || second === null ? { view } : { view, source: first, node: second };
  }
  if (view === "incidents") return { view };
  if (first === null) return { view: "locks" };
  if (view === "incident") return { view: "incidents", id: first };
  if (view === "lock") return { view, id: first };
  if (view === "process") return { view, source: first };
  if (view === "resource") {
    const params = new URLSearchParams(query);
    const semaphore = params.get("kind") === "semaphore";
    return { view, name: first, prefix: params.get("prefix") ?? "", ...(semaphore ? { semaphore } : {}) };
  }
  return { view: "locks" };
}

export function hashOf(route: Route): string {
  switch (route.view) {
    case "locks":
      return "#/";
    case "resource": {
      const query = new URLSearchParams({
        ...(route.prefix === "" ? {} : { prefix: route.prefix }),
        ...(route.semaphore ? { kind: "semaphore" } : {}),
      }).toString();
      return `#/resource/${encodeURIComponent(route.name)}${query === "" ? "" : `?${query}`}`;
    }
    case "lock":
      return `#/lock/${encodeURIComponent(route.id)}`;
    case "incidents":
      return route.id === undefined ? "#/incidents" : `#/incident/${encodeURIComponent(route.id)}`;
    case "process":
      return `#/process/${encodeURIComponent(route.source)}`;
    case "nodes": {
      const { source, node } = route;
      if (source === undefined || node === undefined) return "#/nodes";
      return `#/nodes/${encodeURIComponent(source)}/${encodeURIComponent(node)}`;
    }
  }
}
