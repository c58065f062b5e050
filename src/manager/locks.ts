import { locksOf } from "./managed-locks.js";
import { Manager } from "./manager.js";
import type { LocksOptions } from "./options.js";
import type { Locks } from "./types.js";

/**
 * Makes the locks of one quorum of nodes.
 *
 * @throws InvalidOptionError for options that cannot work, DuplicateNodeError for the same client given twice.
 */
export function createLocks(options: LocksOptions): Locks {
  return locksOf(new Manager(options));
}
