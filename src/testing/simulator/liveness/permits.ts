import type { Program } from "../program.js";
import { agreeOnTime, type Recovery, reasonOf, sleep, timed } from "./recovery.js";

/** Maximum time in ms until a free permit is granted. */
const bound = 1_000;
/** The number of permits in the queueing check, and of callers per program. */
const [number, callers] = [2, 2];
/** How long each caller holds its permit, in ms. */
const hold = 80;
/** Time in ms until all callers are in the queues of the nodes. */
const queueingMs = 600;
/** Maximum time in ms to pass a permit to the next waiter, and an allowance for the whole check. */
const [handing, grace] = [150, 3_000];

/** Free permits are granted to every program within a bound, all of them at once, also of a semaphore that was contended. */
export async function checkFreePermits({ simulation, programs, findings }: Recovery): Promise<void> {
  const [used] = simulation.script.steps.flatMap((step) => ("action" in step && step.action.permits) || []);
  const known = used === undefined ? [] : [used];
  for (const { semaphore, number: permits } of [...known, { semaphore: "fresh pool", number: 3 }]) {
    for (const { host, locks } of programs) {
      if ((await simulation.contents()).some(({ key }) => key.includes(semaphore))) continue;
      for (const weight of new Set([permits, 1])) {
        findings.checked();
        const options = { ttl: 2_000, wait: 5_000, renew: false, weight };
        const acquired = locks.semaphore(semaphore, { permits }).acquire(options);
        const { value: lease, error, took } = await timed(simulation, acquired);
        const what = `${weight} of ${permits} permits, which are free`;
        if (lease === undefined) findings.report(`${host.name} is refused ${what}: ${reasonOf(error)}`);
        else if (took > bound) findings.report(`${host.name} was granted ${what}, after ${took} ms`);
        await lease?.release();
        // Lets the release reach the slower nodes.
        await sleep(simulation, 50);
      }
    }
  }
}

/**
 * Those who wait for permits are served in the order of their tickets, as many at a time as there are permits, and each permit
 * that is released is passed on at once.
 */
export async function checkPermitOrder(recovery: Recovery): Promise<void> {
  const { simulation, programs, findings, random } = recovery;
  agreeOnTime(recovery);
  const [first] = programs;
  if (first === undefined) return;
  const semaphoreOf = ({ locks }: Program) => locks.semaphore("line", { permits: number });
  const lease = await semaphoreOf(first).acquire({ ttl: 30_000, wait: 5_000, weight: number });
  const waiting: Promise<void>[] = [];
  const served: { readonly name: string; readonly time: number }[] = [];
  const wait = async (program: Program, name: string) => {
    const ticket = { name, time: Math.floor(program.host.clock.wall()) };
    try {
      const own = await semaphoreOf(program).acquire({ ttl: 10_000, wait: 60_000 });
      if (!program.plan.client.plain) served.push(ticket);
      await program.host.sleep(hold);
      await own.release();
    } catch (error) {
      findings.report(`${name} waits in vain: ${reasonOf(error)}`);
    }
  };
  for (const program of programs) {
    for (let caller = 0; caller < callers; caller++) {
      waiting.push(wait(program, `${program.host.name}/${caller}`));
      await sleep(simulation, random.between(2, 40));
    }
  }
  await sleep(simulation, queueingMs);
  const since = simulation.timeline.now;
  await lease.release();
  await Promise.all(waiting);
  findings.checked();
  const took = simulation.timeline.now - since;
  const maxMs = Math.ceil(waiting.length / number) * (hold * 1.1 + handing) + grace;
  if (took > maxMs)
    findings.report(`${waiting.length} callers for ${number} permits took ${took} ms, and may take ${maxMs}`);
}
