import { SeededRandom } from "../seeded-random.js";
import type { Simulation } from "../simulation.js";
import { checkFenceMemory } from "./fence-memory.js";
import { checkFenceShare } from "./fence-share.js";
import { checkFreeLocks } from "./free-lock.js";
import { checkLag } from "./lag.js";
import { checkOrder } from "./order.js";
import { patienceOf, type Recovery } from "./recovery.js";
import { checkSeveral } from "./several.js";
import { checkVoting } from "./voting.js";

/** The checkers of liveness, in this order; `share`: of the runs, in which they are asked. */
const checks: readonly [name: string, share: number, check: (recovery: Recovery) => Promise<void>][] = [
  ["voting", 1, checkVoting],
  ["free locks", 1, checkFreeLocks],
  ["order", 0.5, checkOrder],
  ["lag", 0.15, checkLag],
  ["fence share", 0.05, checkFenceShare],
  ["several", 0.05, checkSeveral],
  ["fence memory", 0.05, checkFenceMemory],
];

/** A stream of chance of its own. */
const stream = 1_000_000;

/** ms for which one checker may go on. */
const patience = 600_000;
/** A message takes at most this share of the time that is waited for it, when the network is well. */
const calm = 1 / 5;

/** Looks whether all goes on as it should, once the last fault is over. */
export async function examine(aggregate: Simulation, failed: () => boolean): Promise<void> {
  const { timeline, oracle, script } = aggregate;
  const random = new SeededRandom(script.seed, stream);
  const programs = aggregate.programs.filter(({ plan, host }) => !plan.foreign && !host.dead);
  for (const { links, plan } of programs) {
    const most = Math.min(patienceOf(plan) * calm, plan.path.usual);
    for (const link of links) link.calmDown(0.05, most);
  }
  for (const [name, share, check] of checks) {
    if (!random.flip(share)) continue;
    let over = false;
    const findings = oracle.findingsOf(name);
    oracle.note("liveness", name);
    check({ aggregate, programs, findings, random })
      .catch((error: unknown) => findings.report(`it ends by ${error}`))
      .then(() => {
        over = true;
      });
    await timeline.run(timeline.now + patience, () => over || failed());
    if (failed()) return;
    if (!over) return findings.report("it does not end");
  }
}
