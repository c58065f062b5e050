import type { Program } from "../program.js";
import { agreeOnTime, pass, type Recovery } from "./recovery.js";

/** ms by which a clock is ahead. */
const hour = 3_600_000;
/** ms after the end of an abstention within which the node votes. */
const bound = 15_000;
/** ms: an abstention that lasts longer is not waited for. */
const longestWait = 120_000;
/** ms between two attempts. */
const pace = 500;

/**
 * Fences grow although every node loses its memory, one after the other: each takes over what the others have granted. The
 * highest one comes from a clock that is far ahead, so that no other clock leads beyond it by itself.
 */
export async function checkFenceMemory(recovery: Recovery): Promise<void> {
  const { aggregate, programs, findings } = recovery;
  const [ahead, other] = programs;
  // Without abstention nothing is taken over.
  if (ahead === undefined || other === undefined || aggregate.script.quarantine === false) return;
  agreeOnTime(recovery);
  ahead.host.steppedAt = aggregate.timeline.now;
  ahead.host.clock.step(hour);
  const before = await fenceOf(ahead);
  ahead.host.clock.step(-hour);
  for (const server of aggregate.servers) {
    if (!aggregate.mayForget(server)) return;
    server.flush();
    const due = Math.max(aggregate.timeline.now, aggregate.abstainsUntil(server)) + bound;
    if (due > aggregate.timeline.now + longestWait) return;
    while (!server.remembers && aggregate.timeline.now < due) {
      await touch(ahead);
      await pass(aggregate, pace);
    }
    if (!server.remembers) return findings.report(`${server.name} does not remember again`);
  }
  const after = await fenceOf(other);
  if (before === null || after === null) return;
  findings.looked();
  if (after <= before) findings.report(`a fence of ${after} follows one of ${before}`);
}

const options = { ttl: 2_000, wait: 2_000, renew: false } as const;

/** Null if it is refused. */
async function fenceOf({ locks }: Program): Promise<number | null> {
  try {
    const lease = await locks.acquire("remembered", { ...options, fence: true });
    await lease.release();
    return lease.fence;
  } catch {
    return null;
  }
}

/** Lets the nodes be asked, so that their memory is looked at; without a fence, which would teach the others its own. */
async function touch({ locks }: Program): Promise<void> {
  await locks.using("touched", options, () => {}).catch(() => {});
}
