import { driftOf } from "../engine/protocol/validity.js";
import type { Claim } from "../engine/quorum/claim.js";
import { type Grant, LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";
import type { Settings } from "./settings.js";

/** Creates the state of the lease that the claim was granted with these settings. */
export function createLeaseState(
  { manager, resources }: LockInternals,
  settings: Settings,
  claim: Claim,
  granted: Pick<Grant, "acquisition" | "began" | "at" | "fence" | "mode" | "context">,
): LeaseState {
  const { ttl, maxHold, holdAtLeast, renew, renewBefore, driftFactor } = settings;
  return new LeaseState(manager.clock, claim, {
    resources,
    ...granted,
    ttl,
    drift: driftOf(ttl, driftFactor),
    maxHold,
    holdAtLeast,
    renew,
    renewBefore,
    chance: manager.random.fraction(),
  });
}
