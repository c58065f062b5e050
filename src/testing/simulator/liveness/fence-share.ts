import type { Program } from "../program.js";
import { pass, patienceOf, type Recovery } from "./recovery.js";

/** ms for which each counts what it gets. */
const window = 600;
/** ms that a message of the slow one takes at most, and of the others. */
const [slow, quick] = [12, 0.3];
/** The share of the time that is waited for it that a message takes at most. */
const calm = 0.3;
/** The share of what a slow process gets alone that it gets among quick ones, at least. */
const share = 1 / 4;

/** ms by which a clock is ahead. */
const hour = 3_600_000;

/**
 * Fences on fresh resources are granted to slow and to quick processes alike, and also where a clock that is far ahead
 * has left its mark on the nodes.
 */
export async function checkFenceShare({ aggregate, programs, findings, random }: Recovery): Promise<void> {
  const slowOne = programs[random.below(programs.length)];
  const [ahead, ...others] = programs.filter((one) => one !== slowOne);
  if (slowOne === undefined || ahead === undefined) return;
  for (const { links, plan } of programs) {
    const most = Math.min(slow, patienceOf(plan) * calm);
    for (const link of links) {
      if (link.host === slowOne.host) link.calmDown(most / 2, most);
      else link.calmDown(quick / 3, quick);
    }
  }
  ahead.host.steppedAt = aggregate.timeline.now;
  ahead.host.clock.step(hour);
  await acquireFresh(ahead, "from tomorrow");
  ahead.host.clock.step(-hour);
  const alone = await countOf(slowOne, aggregate, window);
  const all = await Promise.all([slowOne, ahead, ...others].map((one) => countOf(one, aggregate, window)));
  const [among = 0] = all;
  findings.looked();
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

/** How many it gets, one after the other. */
async function countOf(program: Program, aggregate: Recovery["aggregate"], ms: number): Promise<number> {
  const end = aggregate.timeline.now + ms;
  let count = 0;
  while (aggregate.timeline.now < end) {
    if (await acquireFresh(program, `fresh-${program.host.name}-${Math.floor(end)}-${count}`)) count++;
    await pass(aggregate, 1);
  }
  return count;
}
