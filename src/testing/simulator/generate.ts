import type { QuarantineRule } from "../../engine/node/abstention.js";
import type { ClockTemper } from "./clocks.js";
import { deedOf } from "./generate-actions.js";
import { faultsOf } from "./generate-faults.js";
import { lossesOf } from "./generate-losses.js";
import type { FaultClass, HostPlan, Script, Step } from "./script.js";
import { Chance } from "./seeded-random.js";

/** What distinguishes one run from others: which kinds of trouble there are, and how much of it. */
export interface Climate {
  readonly chance: Chance;
  readonly faults: FaultClass;
  readonly nodes: number;
  readonly hosts: number;
  readonly resources: readonly string[];
  /** ms. */
  readonly end: number;
  /** The ttl that most locks have, ms. */
  readonly ttl: number;
  /** Whether all nodes' clocks are as fast as they may be, and all holders' as slow. */
  readonly opposed: boolean;
  /** ms: the ttl of some leases, so long that what is left behind would be found; null if there are none. */
  readonly longTtl: number | null;
}

/** ms: less than a minute, which nodes remember as their longest; more, which they remember one by one; a day. */
const longTtls = [50_000, 120_000, 86_400_000] as const;

/** Clocks may disagree by 1 %: half of that each, less what rounding costs. */
const fairRate = 0.0045;
const wildRate = 0.08;

/** The script that a seed stands for. */
export function generate(seed: number, faults: FaultClass, deeds: number): Script {
  const chance = new Chance(seed);
  const climate: Climate = {
    chance,
    faults,
    nodes: chance.pick([3, 3, 3, 5, 5, 1, 2, 4]),
    hosts: chance.pick([2, 3, 3, 4, 5]),
    resources: ["a", "b", "c", "d"].slice(0, chance.pick([1, 1, 2, 3, 4])),
    end: chance.between(12_000, 25_000),
    ttl: chance.pick([60, 100, 200, 300, 600, 1_200, 4_000]),
    opposed: chance.flip(0.3),
    longTtl: chance.flip(0.5) ? chance.pick(longTtls) : null,
  };
  const nodes = Array.from({ length: climate.nodes }, () => temperOf(climate, 1));
  const hosts = Array.from({ length: climate.hosts }, () => hostOf(climate));
  const quarantine = quarantineOf(climate);
  const losses = quarantine === false && faults === "inBounds" ? [] : lossesOf(climate);
  const steps: Step[] = [...faultsOf(climate), ...losses];
  const last = hosts.length - 1;
  // Others do not know that a node has lost its memory.
  const foreign = losses.length === 0 && last > 0 && chance.flip(0.35);
  for (let count = 0; count < deeds; count++) {
    const host = chance.below(hosts.length);
    steps.push({ at: chance.between(0, climate.end), host, deed: deedOf(climate) });
  }
  steps.sort((one, other) => one.at - other.at);
  return {
    seed,
    faults,
    nodes,
    cold: chance.flip(0.5),
    quarantine,
    hosts: hosts.map((host, index) => ({ ...host, foreign: foreign && index === last })),
    resources: climate.resources,
    steps,
    end: climate.end,
  };
}

/** A number must be enough for the longest lease; without any, nothing may be lost. */
function quarantineOf({ chance, ttl, longTtl }: Climate): QuarantineRule {
  if (chance.flip(0.8)) return "auto";
  return longTtl === null && chance.flip(0.5) ? 3 * ttl + 100 : false;
}

/** Most clocks are as far apart as they may be: between is little to be found. `side`: of nodes 1, of holders -1. */
function rateOf({ chance, faults, opposed }: Climate, side: 1 | -1): number {
  const most = faults === "beyond" && chance.flip(0.5) ? wildRate : fairRate;
  if (opposed) return 1 + side * most;
  return 1 + most * (chance.flip(0.7) ? (chance.flip(0.5) ? 1 : -1) : chance.between(-1, 1));
}

function temperOf(climate: Climate, side: 1 | -1): ClockTemper {
  const { chance } = climate;
  const rate = rateOf(climate, side);
  const wallRate = chance.flip(0.7) ? rate : rateOf(climate, side);
  return { rate, wallRate, ahead: chance.between(-20_000, 20_000) };
}

function hostOf(climate: Climate): HostPlan {
  const { chance, ttl, end } = climate;
  const usual = chance.pick([0.3, 1, 3, 10]);
  return {
    temper: temperOf(climate, -1),
    road: {
      usual,
      slow: chance.pick([0, 0.01, 0.05, 0.2]),
      slowest: usual + Math.min(1_500, chance.pick([20, 100, ttl, 2 * ttl])),
      resends: chance.flip(0.5),
      afterlife: chance.pick([0, 0, 0.3, 1]),
      deaf: chance.pick([0, 0, 0.2, 1]),
    },
    client: {
      plain: chance.flip(0.1),
      timeout: chance.flip(0.1) ? chance.between(5, ttl) : null,
    },
    startsAt: chance.flip(0.3) ? chance.between(0, end / 2) : 0,
    nodeTimeout: chance.pick([10, 20, 50, Math.floor(ttl / 4)]),
    connectTimeout: chance.pick([20, 200, 1_000]),
    grouping: chance.flip(0.85),
    foreign: false,
  };
}
