/** A lock for each request of a Hono application. */

export { type LockedEnv, lockRequest } from "./integrations/hono/lock-request.js";
export type { ContendedStatus } from "./integrations/http/refusal.js";
export type { RequestLockOptions } from "./integrations/http/request-lock.js";
