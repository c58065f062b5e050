import type { IncomingMessage, ServerResponse } from "node:http";
import type { Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { checkKnown } from "../lock/option-checks.js";
import { checkText } from "../support/checks.js";
import { printable } from "../support/redaction.js";
import { packageVersion } from "../support/version.js";
import type { InspectorHandlerOptions } from "./inspector-options.js";
import { observedLocks } from "./observed-locks.js";
import { answer } from "./server/answer.js";
import { namesOfHost } from "./server/host-names.js";
import { loadPage } from "./server/load-page.js";
import { Metrics } from "./server/metrics.js";
import { checkTitle } from "./server/options.js";
import { refuse } from "./server/reply.js";
import { Routes } from "./server/routes.js";

/** Answers the requests for the page within another server. */
export interface InspectorHandler extends AsyncDisposable {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Ends the observation and disconnects the readers; the locks are not affected. Never rejects. */
  close(): Promise<void>;
}

/**
 * A request handler that shows these locks within a server of the program's own: `node:http`, Express, Fastify, Hono, NestJS.
 * **Whoever reaches the handler sees the locks**: put the program's authentication before it. The handler checks neither the
 * Host nor a token. It refuses requests of other sites (Origin, Sec-Fetch-Site), other methods than GET and HEAD, and bodies.
 *
 * @throws InvalidOptionError
 */
export function inspectorHandler(
  locks: Locks | readonly Locks[],
  options: InspectorHandlerOptions = {},
): InspectorHandler {
  checkKnown("inspectorHandler", options);
  const basePath = checkBasePath(options);
  const title = checkTitle(options);
  const { feed, metrics: metricsOf, start } = observedLocks(locks);
  const shown = { title, hub: feed.hub, recording: null, metrics: metricsOf };
  const metrics = new Metrics(shown);
  const routes = loadPage().then((page) => new Routes(shown, page, metrics, packageVersion()));
  // Reported with each request.
  routes.catch(() => undefined);
  start();
  let closing: Promise<void> | undefined;
  const close = () => {
    feed.stop();
    feed.hub.close();
    closing ??= metrics.stop();
    return closing;
  };
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const url = relativeUrl(request, basePath);
    if (url === null) return refuse(response, { status: 404, line: "There is no such page." });
    if (typeof url !== "string") {
      const headers = { Location: url.redirect };
      return refuse(response, {
        status: 308,
        line: "The page is at this address with a slash at its end.",
        headers,
      });
    }
    routes.then(
      (known) => answer(request, response, namesOfHost, null, known, url),
      (error: unknown) => refuse(response, { status: 500, line: printable(String(error)) }),
    );
  };
  return Object.assign(handler, { close, [Symbol.asyncDispose]: close });
}

function checkBasePath({ basePath = "/" }: InspectorHandlerOptions): string {
  const allowed = 'a path such as "/admin/locks", without a query and without ".."';
  const path = checkText("basePath", basePath, allowed);
  if (
    !/^\/[\w.~!$&'()*+,;=:@%/-]{0,500}$/.test(path) ||
    path.includes("//") ||
    path.split("/").includes("..")
  )
    throw new InvalidOptionError("basePath", basePath, allowed);
  return path.replace(/\/+$/, "");
}

/**
 * The URL relative to the page. Null if it is outside of the page. The page's own address must end with a slash, because the
 * page refers to its parts by relative addresses.
 */
function relativeUrl(
  request: IncomingMessage & { readonly originalUrl?: string },
  basePath: string,
): string | { readonly redirect: string } | null {
  const { url = "/", originalUrl } = request;
  // Express and connect take the path of the handler off, and keep the whole in `originalUrl`.
  const whole = originalUrl ?? url;
  const isMounted = whole !== url;
  if (!isMounted && url !== basePath && !url.startsWith(`${basePath}/`) && !url.startsWith(`${basePath}?`))
    return null;
  const relative = isMounted ? url : url.slice(basePath.length);
  const [path = "", query] = whole.split(/\?(.*)/s, 2);
  const isRoot = relative === "" || relative.startsWith("?") || relative === "/" || relative.startsWith("/?");
  if (isRoot && !path.endsWith("/")) {
    // Relative, because a proxy may have taken off a part of the path.
    const last = path.slice(path.lastIndexOf("/") + 1);
    return { redirect: `./${last}/${query === undefined ? "" : `?${query}`}` };
  }
  return relative.startsWith("/") ? relative : `/${relative}`;
}
