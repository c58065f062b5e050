/** A lock for each request of a Next.js route handler. */
export type { ContendedStatus } from "./integrations/http/refusal.js";
export type { RequestLockOptions } from "./integrations/http/request-lock.js";
export { withLock } from "./integrations/next/with-lock.js";
