import type { Claim } from "../engine/quorum/claim.js";
import type { Origin } from "../engine/quorum/origin.js";
import type { AsyncContext } from "../support/async-context.js";
import type { FailedAttempt } from "./failed-attempt.js";
import type { LockInternals } from "./lock-internals.js";
import type { Settings } from "./settings.js";

/** Creates the claim of an attempt. `weight`: how many permits it wants, if any. `previous`: the attempt before. */
export function createClaim(
  { pool, keys, manager }: LockInternals,
  { weight, mode }: Settings,
  origin: Origin | null,
  caller: AsyncContext,
  previous: FailedAttempt | null,
): Claim {
  const { claims } = manager.engine;
  if (pool === null) return claims.create(keys, origin, caller, mode);
  return pool.createClaim(claims, weight, origin, caller, previous);
}
