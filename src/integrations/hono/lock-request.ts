import type { Context, MiddlewareHandler } from "hono";
import type { Lease } from "../../api/types.js";
import { responseOf } from "../http/fetch-response.js";
import { RequestLock, type RequestLockOptions } from "../http/request-lock.js";

/** What the middleware gives to the handlers after it: `c.get("lease")`. */
export interface LockedEnv {
  readonly Variables: { readonly lease: Lease };
}

/**
 * Middleware that acquires a lock for each request before the next handler runs, and releases the lock when the handler has
 * returned its response. A request that does not get the lock is answered with 409 or 423, and `Retry-After` from the holder's
 * remaining time; with 503 if too few nodes answer. A request whose client goes away stops waiting.
 *
 * @throws InvalidOptionError, ManagerClosedError.
 */
export function lockRequest(options: RequestLockOptions<[context: Context]>): MiddlewareHandler<LockedEnv> {
  const lock = new RequestLock(options);
  return async (context, next) => {
    const admitted = await lock.admit([context], context.req.raw.signal);
    if ("refusal" in admitted) return responseOf(admitted.refusal);
    context.set("lease", admitted.lease);
    try {
      await next();
    } finally {
      await admitted.lease.release();
    }
    return undefined;
  };
}
