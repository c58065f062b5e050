import { Chance } from "./chance.js";
import type { ClockTemper } from "./clocks.js";
import { deedOf } from "./generate-deeds.js";
import { faultsOf } from "./generate-faults.js";
import type { FaultClass, HostPlan, Script, Step } from "./script.js";

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
}

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
    ttl: chance.pick([60, 100, 200, 300, 600, 1_200]),
  };
  const nodes = Array.from({ length: climate.nodes }, () => temperOf(climate));
  const hosts = Array.from({ length: climate.hosts }, () => hostOf(climate));
  const steps: Step[] = faultsOf(climate);
  const last = hosts.length - 1;
  const foreign = last > 0 && chance.flip(0.25);
  for (let count = 0; count < deeds; count++) {
    const host = chance.below(hosts.length);
    steps.push({ at: chance.between(0, climate.end), host, deed: deedOf(climate) });
  }
  steps.sort((one, other) => one.at - other.at);
  return {
    seed,
    faults,
    nodes,
    hosts: hosts.map((host, index) => ({ ...host, foreign: foreign && index === last })),
    resources: climate.resources,
    steps,
    end: climate.end,
  };
}

/** Most clocks are as far apart as they may be: between is little to be found. */
function rateOf({ chance, faults }: Climate): number {
  const most = faults === "beyond" && chance.flip(0.5) ? wildRate : fairRate;
  return 1 + most * (chance.flip(0.7) ? (chance.flip(0.5) ? 1 : -1) : chance.between(-1, 1));
}

function temperOf(climate: Climate): ClockTemper {
  const { chance } = climate;
  return { rate: rateOf(climate), wallRate: rateOf(climate), ahead: chance.between(-20_000, 20_000) };
}

function hostOf(climate: Climate): HostPlan {
  const { chance, ttl } = climate;
  const usual = chance.pick([0.3, 1, 3, 10]);
  return {
    temper: temperOf(climate),
    road: {
      usual,
      slow: chance.pick([0, 0.01, 0.05, 0.2]),
      slowest: usual + chance.pick([20, 100, ttl, 2 * ttl]),
      resends: chance.flip(0.5),
      afterlife: chance.pick([0, 0, 0.3, 1]),
      deaf: chance.pick([0, 0, 0.2, 1]),
    },
    nodeTimeout: chance.pick([10, 20, 50, Math.floor(ttl / 4)]),
    grouping: chance.flip(0.85),
    foreign: false,
  };
}
