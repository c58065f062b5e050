import { driftOf } from "../engine/protocol/validity.js";
import type { Origin } from "../engine/quorum/origin.js";
import { type Clock, elapsed, type Instant } from "../engine/time/clock.js";
import type { RetryReason } from "../engine/time/retry.js";
import type { Settings } from "./settings.js";

/** Maps each reason for a failed attempt to the chart's event. */
export const refusalTypes = { contended: "DENIED", noQuorum: "NO_QUORUM", tooSlow: "TOO_SLOW" } as const;

/** The maximum duration of an attempt, in node timeouts. The maximum includes identifying the nodes and a refused fence. */
export const maxAttemptTimeouts = 6;

/**
 * Whether no attempt can succeed or is allowed after one that failed for this reason. `reachable`: whether the causes of
 * the failed votes leave a quorum possible.
 */
export function isFinal(
  settings: Settings,
  origin: Origin | null,
  reason: RetryReason,
  reachable: boolean,
): boolean {
  const { ttl, wait, driftFactor } = settings;
  const stale = origin !== null && reason === "contended";
  return wait === 0 || stale || !reachable || ttl <= driftOf(ttl, driftFactor);
}

/** ms until `wait` is over. Infinity if only the number of attempts limits the acquisition. */
export const waitLeft = ({ wait }: Settings, clock: Clock, since: Instant): number =>
  wait === 0 ? Number.POSITIVE_INFINITY : Math.max(0, wait - elapsed(clock, since));
