import { managerOf } from "../../../api/managed-locks.js";
import type { Link } from "../link.js";
import type { Program } from "../program.js";
import { pass, type Recovery } from "./recovery.js";

/** ms after the last fault within which a node that is well is asked again, and votes. */
const bound = 15_000;
/** ms: what a node must wait for longer is not waited for. */
const longestWait = 300_000;
/** ms between two attempts, at first and at the most. */
const [shortest, longest] = [50, 2_000];

/** Every live manager has every live node voting: none stays unasked, none abstains for longer than it must. */
export async function checkVoting({ aggregate, programs, findings }: Recovery): Promise<void> {
  const { timeline } = aggregate;
  const since = timeline.now;
  const due = ({ server }: Link) => Math.max(since + bound, aggregate.abstainsUntil(server) + bound);
  await Promise.all(
    programs.map(async (program) => {
      for (let pause = shortest; ; pause = Math.min(longest, pause * 1.5)) {
        await ask(program);
        await aggregate.lookForLong();
        const silent = program.links.filter(({ grantedAt }) => grantedAt < since);
        // Somebody died who held it for a day.
        if (silent.every((link) => due(link) > timeline.now + longestWait)) break;
        const overdue = silent.filter((link) => timeline.now > due(link));
        if (overdue.length > 0) {
          findings.report(overdue.map((link) => describe(program, link, timeline.now - since)).join("; "));
        }
        if (silent.length === 0 || overdue.length > 0) break;
        await pass(aggregate, pause);
      }
      findings.looked();
    }),
  );
}

async function ask({ host, locks }: Program): Promise<void> {
  try {
    const lease = await locks.acquire(`voting-${host.name}`, { ttl: 2_000, wait: 2_000, renew: false });
    await lease.release();
  } catch {
    // Which nodes have granted it is what counts.
  }
}

function describe({ host, locks }: Program, { name }: Link, waited: number): string {
  const node = managerOf(locks).nodes.find((one) => one.name === name);
  return `${host.name} has no vote of ${name} for ${Math.round(waited)} ms: ${node?.state}, ${node?.cause}`;
}
