import { SeededRandom } from "../seeded-random.js";
import type { Simulation } from "../simulation.js";
import { checkFenceMemory } from "./fence-memory.js";
import { checkFenceShare } from "./fence-share.js";
import { checkFreeLocks } from "./free-lock.js";
import { checkLag } from "./lag.js";
import { checkOrder } from "./order.js";
import { checkFreePermits, checkPermitOrder } from "./permits.js";
import { type Recovery, requestTimeoutOf } from "./recovery.js";
import { checkSeveral } from "./several.js";
import { checkVoting } from "./voting.js";

/** The liveness checks, in order. `share`: the share of the runs in which a check is made. */
const checks: readonly [name: string, share: number, check: (recovery: Recovery) => Promise<void>][] = [
  ["voting", 1, checkVoting],
  ["free locks", 1, checkFreeLocks],
  ["order", 0.5, checkOrder],
  ["lag", 0.15, checkLag],
  ["fence share", 0.05, checkFenceShare],
  ["several", 0.05, checkSeveral],
  ["fence memory", 0.05, checkFenceMemory],
];

/** The checks of a run in which permits were acquired. */
const permitChecks: typeof checks = [
  ["voting", 1, checkVoting],
  ["free permits", 1, checkFreePermits],
  ["permit order", 0.5, checkPermitOrder],
];

/** The checks of a run in which leases of all kinds were acquired. */
const allChecks = [...checks, ...permitChecks.slice(1)];

/** The random sequence of the liveness checks. */
const stream = 1_000_000;

/** Maximum duration of one check, in ms. */
const maxCheckMs = 600_000;
/** Maximum latency on a healthy network, as a share of the request timeout. */
const latencyShare = 1 / 5;

/** Checks liveness after the last fault has ended. `failed`: whether a violation was found, which ends the checks. */
export async function examine(simulation: Simulation, failed: () => boolean): Promise<void> {
  const { timeline, oracle, script } = simulation;
  const random = new SeededRandom(script.seed, stream);
  const programs = simulation.programs.filter(({ plan, host }) => !plan.foreign && !host.dead);
  for (const { links, plan } of programs) {
    const maxLatency = Math.min(requestTimeoutOf(plan) * latencyShare, plan.path.usual);
    for (const link of links) link.setLatency(0.05, maxLatency);
  }
  const { faults } = script;
  for (const [name, share, check] of faults === "permits"
    ? permitChecks
    : faults === "kinds"
      ? allChecks
      : checks) {
    if (!random.flip(share)) continue;
    let over = false;
    const findings = oracle.findingsOf(name);
    oracle.note("liveness", name);
    check({ simulation, programs, findings, random })
      .catch((error: unknown) => findings.report(`the check fails: ${error}`))
      .then(() => {
        over = true;
      });
    await timeline.run(timeline.now + maxCheckMs, () => over || failed());
    if (failed()) return;
    if (!over) return findings.report("the check does not end");
  }
}
