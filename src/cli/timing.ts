import { defaultDriftFactor, driftOf } from "../engine/protocol/validity.js";
import { defaultNodeTimeout } from "../lock/settings.js";
import { exactDuration } from "./duration.js";
import { usageError } from "./exit.js";
import { killMargin, termLead } from "./guard.js";

/** Defaults in ms: the library's, except where the command chooses its own. */
export const defaults = { ttl: 30_000, wait: 60_000, grace: 5_000 } as const;

/** The longest ttl in ms. Longer ones are slips of the pen, and a lock that is left by its holder would never be free. */
const longest = 365 * 86_400_000;

export interface Timing {
  /** At least `atLeast`. */
  readonly ttl: number;
  readonly grace: number;
  /** Undefined: the library's default, which depends on the ttl. */
  readonly nodeTimeout: number | undefined;
  readonly maxHold: number | undefined;
  /** 0: the lock is free when the job has ended. */
  readonly atLeast: number;
}

/**
 * Validity in ms that must be left when a renewal succeeds at the last moment: the time that ending the job takes.
 */
const endingTime = (grace: number) => grace + killMargin + termLead;

/**
 * Whether the ttl leaves enough time. A renewal starts at half the ttl and may take the whole node timeout. If the
 * time to end the job has begun by then, every renewal would end the job.
 */
function hasRoom({ grace, nodeTimeout }: Timing, ttl: number): boolean {
  const timeout = nodeTimeout ?? defaultNodeTimeout(ttl);
  return ttl / 2 - driftOf(ttl, defaultDriftFactor) - timeout > endingTime(grace);
}

function smallestTtl(timing: Timing): number {
  let tooSmall = 1;
  let enough = 2;
  while (!hasRoom(timing, enough)) enough *= 2;
  while (enough - tooSmall > 1) {
    const middle = Math.floor((tooSmall + enough) / 2);
    if (hasRoom(timing, middle)) enough = middle;
    else tooSmall = middle;
  }
  return enough;
}

/**
 * Checks that the ttl and the maximum hold time leave time to end the job before the lock expires.
 * @throws CommandError (usage)
 */
export function requireRoom(timing: Timing): void {
  const { ttl, grace, maxHold, atLeast } = timing;
  const raised = atLeast > 0 && ttl === atLeast;
  if (ttl > longest) {
    const option = raised ? "--at-least" : "--ttl";
    throw usageError(`${option} ${exactDuration(ttl)} is too long; use ${exactDuration(longest)} or shorter`);
  }
  if (maxHold !== undefined && atLeast > maxHold) {
    throw usageError(
      `--at-least ${exactDuration(atLeast)} is longer than --max-hold ${exactDuration(maxHold)}; ` +
        "use a shorter --at-least, or a longer --max-hold",
    );
  }
  if (!hasRoom(timing, ttl)) {
    const timeout = timing.nodeTimeout ?? defaultNodeTimeout(ttl);
    const have = ttl / 2 - driftOf(ttl, defaultDriftFactor) - timeout;
    const subject = raised
      ? `--at-least ${exactDuration(atLeast)}, which is the ttl because --ttl is not longer,`
      : `--ttl ${exactDuration(ttl)}`;
    throw usageError(
      `${subject} leaves no room to end the command in time: renewed at half of it, less ` +
        `${driftOf(ttl, defaultDriftFactor)} ms for clock drift and ${timeout} ms for --node-timeout, ${Math.max(0, Math.floor(have))} ms ` +
        `may be left, and --grace ${exactDuration(grace)} needs more than ${endingTime(grace)} ms; ` +
        `use --ttl ${exactDuration(smallestTtl(timing))} or longer, or a shorter --grace`,
    );
  }
  if (maxHold !== undefined && maxHold <= endingTime(grace)) {
    throw usageError(
      `--max-hold ${exactDuration(maxHold)} is shorter than what ending the command takes with --grace ${exactDuration(grace)}; ` +
        `use --max-hold ${exactDuration(endingTime(grace) + 1)} or longer`,
    );
  }
}
