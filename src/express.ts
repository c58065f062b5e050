/** A lock for each request of an Express application. */

export { leaseOf, lockRequest, type Middleware } from "./integrations/express/lock-request.js";
export type { ContendedStatus } from "./integrations/http/refusal.js";
export type { RequestLockOptions } from "./integrations/http/request-lock.js";
