/** Locks for a NestJS application. */
export type { LocksCondition } from "./integrations/health.js";
export {
  HoldfastModule,
  type HoldfastModuleAsyncOptions,
  type HoldfastModuleOptions,
} from "./integrations/nest/holdfast-module.js";
export { LockRefusalFilter } from "./integrations/nest/lock-refusal-filter.js";
export { currentLease, Locked, type LockedDecorator, type LockedKey } from "./integrations/nest/locked.js";
export { LocksHealth, type LocksHealthResult } from "./integrations/nest/locks-health.js";
export { InjectLocks, LOCKS } from "./integrations/nest/tokens.js";
