import type { FaultMix } from "./fault-mix.js";
import type { Action, Step } from "./script.js";
import { SeededRandom } from "./seeded-random.js";

/** The random sequence of these actions. Other sequences of a run have small numbers. */
const stream = 1_000_001;
/** Some of these are resources of other actions as well. */
const resources = ["a", "b", "c", "e", "f", "g", "h", "i"] as const;

/** Generates leases of one ttl that a process takes at the same time and holds for several ttls, so that it renews them together. */
export function groupsOf({ hosts, end, ttl }: FaultMix, seed: number): Step[] {
  const random = new SeededRandom(seed, stream);
  return Array.from({ length: random.pick([0, 1, 2, 3]) }, () => {
    const host = random.below(hosts);
    const at = random.between(0, end);
    return resources.map((resource): Step => ({ at, host, action: actionOn(resource, ttl, hosts, random) }));
  }).flat();
}

function actionOn(resource: string, ttl: number, hosts: number, random: SeededRandom): Action {
  return {
    kind: "acquire",
    resources: [resource],
    ttl,
    wait: random.pick([100, 1_000]),
    fence: random.flip(0.3),
    fair: true,
    renew: true,
    maxHold: random.flip(0.15) ? random.between(ttl / 2, ttl * 3) : null,
    policy: false,
    hold: random.between(ttl / 2, ttl * 4),
    extend: random.flip(0.15)
      ? { after: random.between(0, ttl), ttl: random.flip(0.5) ? null : ttl * 2 }
      : null,
    renewals: 0,
    abortAfter: null,
    end: random.flip(0.1) ? { heir: random.below(hosts), after: random.between(0, ttl / 2) } : "release",
  };
}
