import type { FaultMix } from "./fault-mix.js";
import type { Action } from "./script.js";

/** Generates one action of a program. */
export function actionOf({ random, ttl: usual, resources, hosts, longTtl }: FaultMix): Action {
  const kind = random.pick<Action["kind"]>([
    "acquire",
    "acquire",
    "acquire",
    "try",
    "using",
    "handle",
    "handle",
    "inspect",
    "redlock",
  ]);
  const several = resources.length > 1 && random.flip(0.15);
  const isLong = longTtl !== null && !several && random.flip(0.15);
  const only = isLong ? "long" : (resources[random.below(resources.length)] ?? "a");
  const ttl = isLong && longTtl !== null ? longTtl : Math.ceil(usual * random.between(0.5, 1.5));
  // A long lease that is never released would block the other programs for the rest of the run.
  const forgotten = !isLong && random.flip(0.15);
  const end = random.flip(0.12)
    ? { heir: random.below(hosts), after: random.between(0, usual / 2) }
    : forgotten
      ? "forget"
      : "release";
  const extend = random.flip(0.15)
    ? {
        after: random.between(0, usual / 2),
        ttl: random.flip(0.3) ? null : Math.ceil(usual * random.between(0.1, 2)),
      }
    : null;
  const hold = random.flip(0.2) ? random.between(0, usual * 2.5) : random.between(0, 20);
  return {
    kind,
    resources: several ? distinct([only, ...resources.filter(() => random.flip(0.5))]) : [only],
    ttl,
    wait: random.pick([0, 100, 1_000, 5_000]),
    fence: random.flip(0.6),
    fair: random.flip(0.8),
    renew: end === "forget" ? false : random.flip(0.7),
    maxHold: random.flip(0.1) ? random.between(usual / 2, usual * 3) : null,
    policy: random.flip(0.15),
    hold: extend === null ? hold : extend.after + random.between(0, usual * 2),
    extend,
    renewals: random.flip(0.04) ? Math.floor(10 ** random.between(1, 3.5)) : 0,
    abortAfter: random.flip(0.1) ? random.between(0, 500) : null,
    end,
  };
}

const distinct = (all: readonly string[]): string[] => [...new Set(all)];
