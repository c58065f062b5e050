import { contention } from "./scenarios/contention.mjs";
import { faults } from "./scenarios/faults.mjs";
import { holding } from "./scenarios/holding.mjs";
import { uncontended } from "./scenarios/uncontended.mjs";
import { weight } from "./scenarios/weight.mjs";

/** Each has `run(plan, progress)`, which gives raw results, and its `plans`. */
export const scenarios = { a: uncontended, b: contention, c: holding, d: faults, e: weight };
