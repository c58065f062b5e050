import type { Climate } from "./generate.js";
import type { Deed } from "./script.js";

/** Something that a program does with locks. */
export function deedOf({ chance, ttl: usual, resources, hosts, longTtl }: Climate): Deed {
  const kind = chance.pick<Deed["kind"]>([
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
  const several = resources.length > 1 && chance.flip(0.15);
  const isLong = longTtl !== null && !several && chance.flip(0.15);
  const only = isLong ? "long" : (resources[chance.below(resources.length)] ?? "a");
  const ttl = isLong && longTtl !== null ? longTtl : Math.ceil(usual * chance.between(0.5, 1.5));
  // A long one that nobody ends would hold the others up for the rest of the run.
  const forgotten = !isLong && chance.flip(0.15);
  const end = chance.flip(0.12)
    ? { heir: chance.below(hosts), after: chance.between(0, usual / 2) }
    : forgotten
      ? "forget"
      : "release";
  const extend = chance.flip(0.15)
    ? {
        after: chance.between(0, usual / 2),
        ttl: chance.flip(0.3) ? null : Math.ceil(usual * chance.between(0.1, 2)),
      }
    : null;
  const hold = chance.flip(0.2) ? chance.between(0, usual * 2.5) : chance.between(0, 20);
  return {
    kind,
    resources: several ? distinct([only, ...resources.filter(() => chance.flip(0.5))]) : [only],
    ttl,
    wait: chance.pick([0, 100, 1_000, 5_000]),
    fence: chance.flip(0.6),
    fair: chance.flip(0.8),
    renew: end === "forget" ? false : chance.flip(0.7),
    maxHold: chance.flip(0.1) ? chance.between(usual / 2, usual * 3) : null,
    policy: chance.flip(0.15),
    hold: extend === null ? hold : extend.after + chance.between(0, usual * 2),
    extend,
    renewals: chance.flip(0.04) ? Math.floor(10 ** chance.between(1, 3.5)) : 0,
    abortAfter: chance.flip(0.1) ? chance.between(0, 500) : null,
    end,
  };
}

const distinct = (all: readonly string[]): string[] => [...new Set(all)];
