import type { Locks } from "../api/types.js";
import { createChosenLocks } from "./groups.js";
import type { RunOptions } from "./run-options.js";

/**
 * Time in ms that the release, and then closing, may take: the command has ended, and the caller waits for the exit
 * code.
 */
export const closeTimeout = 2_000;

/** Creates the locks of a run. */
export function createRunLocks(options: RunOptions): Locks {
  const { prefix, owner, ttl, atLeast, nodeTimeout, connectTimeout, quarantine, otherSets, publish } =
    options;
  return createChosenLocks(options, {
    prefix,
    owner,
    ttl,
    holdAtLeast: atLeast,
    quarantine,
    otherSets,
    publish,
    ...(nodeTimeout === undefined ? {} : { nodeTimeout }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
  });
}
