import type { IncomingMessage, ServerResponse } from "node:http";
import type { Lease } from "../../api/types.js";
import { admit } from "../http/node-response.js";
import { RequestLock, type RequestLockOptions } from "../http/request-lock.js";

/** Middleware of Express, Connect and others that have the requests and responses of node:http. */
export type Middleware<Request> = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

const leases = new WeakMap<object, Lease>();

/**
 * Middleware that acquires a lock for each request before the next handler runs, and releases the lock when the response ends. A
 * request that does not get the lock is answered with 409 or 423, and `Retry-After` from the holder's remaining time; with 503
 * if too few nodes answer. A request whose client goes away stops waiting. What `key` throws is passed to `next`.
 *
 * @throws InvalidOptionError, ManagerClosedError.
 */
export function lockRequest<Request extends IncomingMessage = IncomingMessage>(
  options: RequestLockOptions<[request: Request]>,
): Middleware<Request> {
  const lock = new RequestLock(options);
  return (request, response, next) => {
    admit(lock, [request], response).then((lease) => {
      if (lease === null) return;
      leases.set(request, lease);
      next();
    }, next);
  };
}

/** The lease of a request that came through {@link lockRequest}; null for any other request. */
export const leaseOf = (request: object): Lease | null => leases.get(request) ?? null;
