import { locksOf } from "./api/managed-locks.js";
import type { Locks } from "./api/types.js";
import type { LocksOptions } from "./lock/options.js";
import { Manager } from "./manager/manager.js";

/**
 * Makes the locks of one quorum of nodes.
 *
 * @throws InvalidOptionError for options that cannot work, DuplicateNodeError for the same client given twice.
 */
export function createLocks(options: LocksOptions): Locks {
  return locksOf(new Manager(options));
}
