import type {
  FastifyInstance,
  FastifyRequest,
  preHandlerAsyncHookHandler,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
} from "fastify";
import type { Lease, Locks } from "../../api/types.js";
import { checkBoolean, checkEntries, checkMethods } from "../../support/checks.js";
import { admit } from "../http/node-response.js";
import { RequestLock, type RequestLockOptions } from "../http/request-lock.js";
import { checkNames } from "../lease-options.js";

/** Options of the plugin. */
export interface HoldfastPluginOptions {
  /** The locks of the application, as `createLocks` returned them. */
  readonly locks: Locks;
  /** Whether the locks are closed with the application, after its last request. Default true. */
  readonly close?: boolean | undefined;
}

/** Options of the lock of a route: those of other frameworks, without `locks`. */
export type RouteLockOptions<Route extends RouteGenericInterface = RouteGenericInterface> = Omit<
  RequestLockOptions<[request: FastifyRequest<Route>]>,
  "locks"
>;

/** The hook `preHandler` of a route. */
type PreHandler<Route extends RouteGenericInterface> = preHandlerAsyncHookHandler<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  Route
>;

declare module "fastify" {
  interface FastifyInstance {
    readonly locks: Locks;
    /**
     * The hook `preHandler` of a route whose requests need a lock. It acquires the lock before the handler runs, and releases it
     * when the response ends. A request that does not get the lock is answered with 409 or 423, and `Retry-After` from the
     * holder's remaining time; with 503 if too few nodes answer. A request whose client goes away stops waiting.
     *
     * @throws InvalidOptionError, ManagerClosedError.
     */
    lockRequest<Route extends RouteGenericInterface = RouteGenericInterface>(
      options: RouteLockOptions<Route>,
    ): PreHandler<Route>;
  }
  interface FastifyRequest {
    /** The lease of a request that came through `lockRequest`; null for any other request. */
    lease: Lease | null;
  }
}

/**
 * Gives the application its locks: `app.locks`, `app.lockRequest(options)` and `request.lease`. Closes the locks with the
 * application. Rejects with an InvalidOptionError.
 */
export async function holdfast(app: FastifyInstance, options: HoldfastPluginOptions): Promise<void> {
  checkEntries("options", options);
  const { close = true } = options;
  const locks = checkMethods("locks", options.locks, ["acquire", "using", "handle", "close"]);
  checkBoolean("close", close);
  app.decorate("locks", locks);
  app.decorateRequest("lease", null);
  app.decorate("lockRequest", (given) => hookOf(locks, given));
  if (close) app.addHook("onClose", () => locks.close());
}

// What the application gets is also there outside of the plugin, as with the package fastify-plugin.
Object.assign(holdfast, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "holdfast",
  [Symbol.for("plugin-meta")]: { name: "holdfast", fastify: ">=4" },
});

function hookOf<Route extends RouteGenericInterface>(
  locks: Locks,
  given: RouteLockOptions<Route>,
): PreHandler<Route> {
  checkNames("app.lockRequest", given);
  const lock = new RequestLock<[request: FastifyRequest<Route>]>({ ...given, locks });
  return async (request, reply) => {
    const lease = await admit(lock, [request], reply.raw);
    // The response was sent, or has nowhere to go.
    if (lease === null) reply.hijack();
    else request.lease = lease;
  };
}
