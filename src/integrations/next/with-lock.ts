import type { Lease } from "../../api/types.js";
import { InvalidOptionError } from "../../errors.js";
import { responseOf } from "../http/fetch-response.js";
import { RequestLock, type RequestLockOptions } from "../http/request-lock.js";

/**
 * A route handler that acquires a lock for each request, runs `handler`, and releases the lock when the handler has returned its
 * response. A request that does not get the lock is answered with 409 or 423, and `Retry-After` from the holder's remaining time;
 * with 503 if too few nodes answer. A request whose client goes away stops waiting. Works with any handler of Fetch API requests.
 *
 * @throws InvalidOptionError, ManagerClosedError.
 */
export function withLock<HandledRequest extends Request, Context>(
  options: RequestLockOptions<[request: HandledRequest, context: Context]>,
  handler: (request: HandledRequest, context: Context, lease: Lease) => Response | Promise<Response>,
): (request: HandledRequest, context: Context) => Promise<Response> {
  const lock = new RequestLock(options, "withLock");
  if (typeof handler !== "function") throw new InvalidOptionError("handler", handler, "a function");
  return async (request, context) => {
    const admitted = await lock.admit([request, context], request.signal);
    if ("refusal" in admitted) return responseOf(admitted.refusal);
    try {
      return await handler(request, context, admitted.lease);
    } finally {
      await admitted.lease.release();
    }
  };
}
