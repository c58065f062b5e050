import { managerOf } from "../../../api/managed-locks.js";
import { quorumOf } from "../../../engine/protocol/quorum.js";
import type { Link } from "../link.js";
import type { Program } from "../program.js";
import { type Recovery, sleep } from "./recovery.js";

/** Maximum time in ms after the last fault until a healthy node is asked again and votes. */
const bound = 15_000;
/** The check skips nodes that must abstain for longer than this, in ms. */
const longestWait = 300_000;
/** Pause between two attempts, in ms: initial and maximum. */
const [shortest, longest] = [50, 2_000];

/** Every running manager gets votes from every running node: each node is asked, and abstains no longer than it must. */
export async function checkVoting({ simulation, programs, findings }: Recovery): Promise<void> {
  const { timeline } = simulation;
  const since = timeline.now;
  const abstainsUntil = ({ server }: Link) => simulation.abstainsUntil(server);
  await Promise.all(
    programs.map(async (program) => {
      const due = (link: Link) =>
        bound + Math.max(since, abstainsUntil(link), quorumFrom(program.links.map(abstainsUntil)));
      for (let pause = shortest; ; pause = Math.min(longest, pause * 1.5)) {
        await ask(program);
        await simulation.updateLongLeases();
        const silent = program.links.filter(({ grantedAt }) => grantedAt < since);
        // For example, a program died while it held a lease of a day.
        if (silent.every((link) => due(link) > timeline.now + longestWait)) break;
        const overdue = silent.filter((link) => timeline.now > due(link));
        if (overdue.length > 0) {
          findings.report(overdue.map((link) => describe(program, link, timeline.now - since)).join("; "));
        }
        if (silent.length === 0 || overdue.length > 0) break;
        await sleep(simulation, pause);
      }
      findings.checked();
    }),
  );
}

/** The time from which a quorum does not abstain. Until then a round fails at once, and need not ask the others. */
function quorumFrom(abstainUntil: readonly number[]): number {
  const sorted = [...abstainUntil].sort((a, b) => a - b);
  return sorted[quorumOf(sorted.length) - 1] ?? 0;
}

async function ask({ host, locks }: Program): Promise<void> {
  try {
    const lease = await locks.acquire(`voting-${host.name}`, { ttl: 2_000, wait: 2_000, renew: false });
    await lease.release();
  } catch {
    // The result does not matter: only which nodes granted.
  }
}

function describe({ host, locks }: Program, { name }: Link, waited: number): string {
  const node = managerOf(locks).nodes.find((one) => one.name === name);
  return `${host.name} has no vote of ${name} for ${Math.round(waited)} ms: ${node?.state}, ${node?.cause}`;
}
