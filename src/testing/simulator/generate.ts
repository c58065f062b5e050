import type { QuarantineRule } from "../../engine/node/abstention.js";
import type { ClockError } from "./clocks.js";
import type { FaultClass } from "./fault-class.js";
import type { FaultMix } from "./fault-mix.js";
import { actionOf } from "./generate-actions.js";
import { faultsOf } from "./generate-faults.js";
import { groupsOf } from "./generate-groups.js";
import { withAllKinds } from "./generate-kinds.js";
import { lossesOf } from "./generate-losses.js";
import { semaphore, withPermits } from "./generate-permits.js";
import { pickChange, planChange, sizeOf } from "./membership-change.js";
import type { HostPlan, Script, Step } from "./script.js";
import { SeededRandom } from "./seeded-random.js";

/** Long TTLs in ms: under a minute, which nodes remember as a maximum; longer, which nodes remember individually; a day. */
const longTtls = [50_000, 120_000, 86_400_000] as const;

/** Two clocks may disagree by 1 %, so each may deviate by half of that, less an allowance for rounding. */
const fairRate = 0.0045;
const wildRate = 0.08;

/** The number of nodes of the group that is not changed. */
const otherGroupSize = 3;

/** The last `size` indices of `count` nodes. */
const lastOf = (count: number, size: number) =>
  Array.from({ length: size }, (_, index) => count - size + index);

/** Generates the script of a seed. */
export function generate(seed: number, faults: FaultClass, actions: number): Script {
  const random = new SeededRandom(seed);
  const sets = faults === "membership" || faults === "groups" ? pickChange(random) : null;
  const mix: FaultMix = {
    random,
    faults,
    nodes:
      sets === null
        ? random.pick([3, 3, 3, 5, 5, 1, 2, 4])
        : sizeOf(sets) + (faults === "groups" ? otherGroupSize : 0),
    hosts: random.pick([2, 3, 3, 4, 5]),
    resources: ["a", "b", "c", "d"].slice(0, random.pick([1, 1, 2, 3, 4])),
    end: random.between(12_000, 25_000),
    ttl: random.pick([60, 100, 200, 300, 600, 1_200, 4_000]),
    opposed: random.flip(0.3),
    longTtl: sets === null && random.flip(0.5) ? random.pick(longTtls) : null,
  };
  const change = sets === null ? null : planChange(mix, sets, 2.5 * mix.ttl + 100);
  const nodes = Array.from({ length: mix.nodes }, () => clockErrorOf(mix, 1));
  const hosts = Array.from({ length: mix.hosts }, () => hostOf(mix));
  const quarantine = quarantineOf(mix);
  const losses = quarantine === false && faults !== "beyond" ? [] : lossesOf(mix);
  const steps: Step[] = [...faultsOf(mix), ...losses];
  const last = hosts.length - 1;
  // Foreign clients do not notice that a node lost its memory.
  // Foreign clients know no semaphores, and no elections.
  const foreign =
    faults !== "permits" &&
    faults !== "kinds" &&
    sets === null &&
    losses.length === 0 &&
    last > 0 &&
    random.flip(0.35);
  for (let count = 0; count < actions; count++) {
    const host = random.below(hosts.length);
    const action = actionOf(mix);
    // The Redlock class has one set of nodes.
    const kind = sets !== null && action.kind === "redlock" ? "acquire" : action.kind;
    // Two resources may be in different groups.
    const resources = faults === "groups" ? action.resources.slice(0, 1) : action.resources;
    steps.push({ at: random.between(0, mix.end), host, action: { ...action, kind, resources } });
  }
  if (actions > 0) steps.push(...groupsOf(mix, seed));
  steps.sort((one, other) => one.at - other.at);
  return {
    seed,
    faults,
    nodes,
    cold: random.flip(0.5),
    ...(change === null ? {} : { change }),
    ...(faults === "groups" ? { otherGroup: lastOf(mix.nodes, otherGroupSize) } : {}),
    quarantine,
    hosts: hosts.map((host, index) => ({ ...host, foreign: foreign && index === last })),
    ...workloadOf(mix, steps, seed),
    end: mix.end,
  };
}

/** What the processes acquire. */
function workloadOf({ faults, resources }: FaultMix, steps: readonly Step[], seed: number) {
  if (faults === "permits") return { resources: [semaphore], steps: withPermits(steps, seed) };
  if (faults === "kinds") return { resources: [...resources, semaphore], steps: withAllKinds(steps, seed) };
  return { resources, steps };
}

/** Picks the quarantine rule. A fixed number must cover the longest lease; with `false`, no node may lose its memory. */
function quarantineOf({ random, ttl, longTtl }: FaultMix): QuarantineRule {
  if (random.flip(0.8)) return "auto";
  return longTtl === null && random.flip(0.5) ? 3 * ttl + 100 : false;
}

/** Picks the rate of a clock. Most rates are extreme, because moderate rates find little. `side`: 1 for nodes, -1 for holders. */
function rateOf({ random, faults, opposed }: FaultMix, side: 1 | -1): number {
  const maxRateError = faults === "beyond" && random.flip(0.5) ? wildRate : fairRate;
  if (opposed) return 1 + side * maxRateError;
  return 1 + maxRateError * (random.flip(0.7) ? (random.flip(0.5) ? 1 : -1) : random.between(-1, 1));
}

function clockErrorOf(mix: FaultMix, side: 1 | -1): ClockError {
  const { random } = mix;
  const rate = rateOf(mix, side);
  const wallRate = random.flip(0.7) ? rate : rateOf(mix, side);
  return { rate, wallRate, ahead: random.between(-20_000, 20_000) };
}

function hostOf(mix: FaultMix): HostPlan {
  const { random, ttl, end } = mix;
  const usual = random.pick([0.3, 1, 3, 10]);
  return {
    clockError: clockErrorOf(mix, -1),
    path: {
      usual,
      slow: random.pick([0, 0.01, 0.05, 0.2]),
      slowest: usual + Math.min(1_500, random.pick([20, 100, ttl, 2 * ttl])),
      resends: random.flip(0.5),
      lateDelivery: random.pick([0, 0, 0.3, 1]),
      wakeupLoss: random.pick([0, 0, 0.2, 1]),
    },
    client: {
      plain: random.flip(0.1),
      timeout: random.flip(0.1) ? random.between(5, ttl) : null,
    },
    startsAt: random.flip(0.3) ? random.between(0, end / 2) : 0,
    nodeTimeout: random.pick([10, 20, 50, Math.floor(ttl / 4)]),
    connectTimeout: random.pick([20, 200, 1_000]),
    grouping: random.flip(0.85),
    foreign: false,
  };
}
