import { busy } from "./scenarios/busy.mjs";
import { contention } from "./scenarios/contention.mjs";
import { faults } from "./scenarios/faults.mjs";
import { groups } from "./scenarios/groups.mjs";
import { holding } from "./scenarios/holding.mjs";
import { killed } from "./scenarios/killed.mjs";
import { permits } from "./scenarios/permits.mjs";
import { uncontended } from "./scenarios/uncontended.mjs";
import { watching } from "./scenarios/watching.mjs";
import { weight } from "./scenarios/weight.mjs";

/** Each scenario has `plans`, and `run(plan, progress)`, which returns raw results. */
export const scenarios = {
  a: uncontended,
  b: contention,
  c: holding,
  d: faults,
  e: weight,
  f: busy,
  g: killed,
  h: watching,
  i: groups,
  j: permits,
};
