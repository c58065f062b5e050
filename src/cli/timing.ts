import { defaultDriftFactor, driftOf } from "../engine/protocol/validity.js";
import { defaultNodeTimeout } from "../lock/settings.js";
import { usageError } from "./exit.js";
import { killMargin, termLead } from "./guard.js";

/** As the library's defaults, where the command does not choose its own. All in ms. */
export const defaults = { ttl: 30_000, wait: 60_000, grace: 5_000 } as const;

export interface Timing {
  readonly ttl: number;
  readonly grace: number;
  /** Undefined: the library's default, which depends on the ttl. */
  readonly nodeTimeout: number | undefined;
  readonly maxHold: number | undefined;
}

/** ms that must be left when a renewal succeeds at the last: the time in which the job can still be ended. */
const endingTime = (grace: number) => grace + killMargin + termLead;

/**
 * Renewal comes at half the ttl, and may take the whole node timeout. If by then the time to end the job
 * has begun, every renewal would be a loss.
 */
function roomy({ grace, nodeTimeout }: Timing, ttl: number): boolean {
  const timeout = nodeTimeout ?? defaultNodeTimeout(ttl);
  return ttl / 2 - driftOf(ttl, defaultDriftFactor) - timeout > endingTime(grace);
}

function smallestTtl(timing: Timing): number {
  let tooSmall = 1;
  let enough = 2;
  while (!roomy(timing, enough)) enough *= 2;
  while (enough - tooSmall > 1) {
    const middle = Math.floor((tooSmall + enough) / 2);
    if (roomy(timing, middle)) enough = middle;
    else tooSmall = middle;
  }
  return enough;
}

/** Refuses a ttl (or a longest hold) that leaves no time to end the job before the lock is over. */
export function requireRoom(timing: Timing): void {
  const { ttl, grace, maxHold } = timing;
  if (!roomy(timing, ttl)) {
    const timeout = timing.nodeTimeout ?? defaultNodeTimeout(ttl);
    const have = ttl / 2 - driftOf(ttl, defaultDriftFactor) - timeout;
    throw usageError(
      `--ttl ${ttl}ms leaves no room to end the command in time: renewed at half of it, less ` +
        `${driftOf(ttl, defaultDriftFactor)} ms for clock drift and ${timeout} ms for --node-timeout, ${Math.max(0, Math.floor(have))} ms ` +
        `may be left, and --grace ${grace}ms needs more than ${endingTime(grace)} ms; ` +
        `use --ttl ${smallestTtl(timing)}ms or longer, or a shorter --grace`,
    );
  }
  if (maxHold !== undefined && maxHold <= endingTime(grace)) {
    throw usageError(
      `--max-hold ${maxHold}ms is shorter than what ending the command takes with --grace ${grace}ms; ` +
        `use --max-hold ${endingTime(grace) + 1}ms or longer`,
    );
  }
}
