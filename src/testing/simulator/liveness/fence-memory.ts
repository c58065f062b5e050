import type { Program } from "../program.js";
import { agreeOnTime, type Recovery, sleep } from "./recovery.js";

/** How far a clock is ahead, in ms. */
const hour = 3_600_000;
/** Maximum time in ms from the end of an abstention until the node votes. */
const bound = 15_000;
/** The check is skipped if an abstention lasts longer than this, in ms. */
const longestWait = 120_000;
/** Pause between two attempts, in ms. */
const pace = 500;

/**
 * Fences increase although every node loses its memory, one after the other: each node takes over the watermark of the
 * other nodes. The highest fence comes from a clock that is far ahead, so that no other clock alone exceeds the fence.
 */
export async function checkFenceMemory(recovery: Recovery): Promise<void> {
  const { simulation, programs, findings } = recovery;
  const [ahead, other] = programs;
  // Without quarantine, nodes do not take over the watermark.
  if (ahead === undefined || other === undefined || simulation.script.quarantine === false) return;
  agreeOnTime(recovery);
  ahead.host.steppedAt = simulation.timeline.now;
  ahead.host.clock.step(hour);
  const before = await fenceOf(ahead);
  ahead.host.clock.step(-hour);
  for (const server of simulation.servers) {
    if (!simulation.mayForget(server)) return;
    server.flush();
    const due = Math.max(simulation.timeline.now, simulation.abstainsUntil(server)) + bound;
    if (due > simulation.timeline.now + longestWait) return;
    while (!server.remembers && simulation.timeline.now < due) {
      await touch(ahead);
      await sleep(simulation, pace);
    }
    if (!server.remembers) return findings.report(`${server.name} does not remember again`);
  }
  const after = await fenceOf(other);
  if (before === null || after === null) return;
  findings.checked();
  if (after <= before) findings.report(`a fence of ${after} follows one of ${before}`);
}

const options = { ttl: 2_000, wait: 2_000, renew: false } as const;

/** Acquires a lease and returns its fence; null if the acquisition fails. */
async function fenceOf({ locks }: Program): Promise<number | null> {
  try {
    const lease = await locks.acquire("remembered", { ...options, fence: true });
    await lease.release();
    return lease.fence;
  } catch {
    return null;
  }
}

/** Contacts the nodes, so that their memory is checked. Uses no fence, because a fence would raise the watermarks. */
async function touch({ locks }: Program): Promise<void> {
  await locks.using("touched", options, () => {}).catch(() => {});
}
