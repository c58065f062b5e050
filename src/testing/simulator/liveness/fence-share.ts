import type { Program } from "../program.js";
import { type Recovery, requestTimeoutOf, sleep } from "./recovery.js";

/** How long each process counts its grants, in ms. */
const window = 600;
/** Maximum latency in ms for the slow process, and for the others. */
const [slow, quick] = [12, 0.3];
/** Maximum latency, as a share of the request timeout. */
const latencyShare = 0.3;
/** Minimum number of grants of the slow process among quick ones, as a share of its grants when alone. */
const share = 1 / 4;

/** How far a clock is ahead, in ms. */
const hour = 3_600_000;

/**
 * Slow processes get fences on fresh resources too, not only quick ones, even after a clock that was far ahead raised
 * the watermarks of the nodes.
 */
export async function checkFenceShare({ simulation, programs, findings, random }: Recovery): Promise<void> {
  const slowOne = programs[random.below(programs.length)];
  const [ahead, ...others] = programs.filter((one) => one !== slowOne);
  if (slowOne === undefined || ahead === undefined) return;
  for (const { links, plan } of programs) {
    const maxLatency = Math.min(slow, requestTimeoutOf(plan) * latencyShare);
    for (const link of links) {
      if (link.host === slowOne.host) link.setLatency(maxLatency / 2, maxLatency);
      else link.setLatency(quick / 3, quick);
    }
  }
  ahead.host.steppedAt = simulation.timeline.now;
  ahead.host.clock.step(hour);
  await acquireFresh(ahead, "from tomorrow");
  ahead.host.clock.step(-hour);
  const alone = await countOf(slowOne, simulation, window);
  const all = await Promise.all([slowOne, ahead, ...others].map((one) => countOf(one, simulation, window)));
  const [among = 0] = all;
  findings.checked();
  if (among >= alone * share) return;
  findings.report(
    `${slowOne.host.name} gets ${among} fences while others get ${all.slice(1)}, and ${alone} alone`,
  );
}

async function acquireFresh({ locks }: Program, resource: string): Promise<boolean> {
  try {
    const lease = await locks.acquire(resource, { ttl: 2_000, wait: 2_000, renew: false, fence: true });
    await lease.release();
    return true;
  } catch {
    return false;
  }
}

/** Acquires fresh resources one after the other for `ms`, and counts the grants. */
async function countOf(program: Program, simulation: Recovery["simulation"], ms: number): Promise<number> {
  const end = simulation.timeline.now + ms;
  let count = 0;
  while (simulation.timeline.now < end) {
    if (await acquireFresh(program, `fresh-${program.host.name}-${Math.floor(end)}-${count}`)) count++;
    await sleep(simulation, 1);
  }
  return count;
}
