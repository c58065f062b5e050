import type { FaultClass } from "./fault-class.js";
import type { SeededRandom } from "./seeded-random.js";

/** The parameters of a run: which kinds of faults there are, and how many. */
export interface FaultMix {
  readonly random: SeededRandom;
  readonly faults: FaultClass;
  readonly nodes: number;
  readonly hosts: number;
  readonly resources: readonly string[];
  /** ms. */
  readonly end: number;
  /** The TTL of most locks, in ms. */
  readonly ttl: number;
  /** Whether the clocks of all nodes run as fast, and those of all holders as slowly, as the assumptions allow. */
  readonly opposed: boolean;
  /** The TTL in ms of some leases, long enough that leftovers would be found; null if there are no such leases. */
  readonly longTtl: number | null;
}
