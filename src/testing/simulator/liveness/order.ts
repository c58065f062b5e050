import type { Program } from "../program.js";
import { pass, type Recovery, reasonOf } from "./recovery.js";

/** Callers of each program. */
const callers = 2;
/** ms for which each keeps the lock: enough for the next one of its process to take its place. */
const hold = 80;
/** ms until everybody stands in the queues of the nodes. */
const lining = 600;
/** ms that handing the lock on may take, at most; and all of it besides. */
const [handing, grace] = [150, 3_000];

interface Ticket {
  readonly name: string;
  readonly time: number;
}

/**
 * Who waits is served in order: that of the tickets, which each takes by its own wall clock. Clients that cannot be told
 * of their turn are served as well, in whatever order.
 */
export async function checkOrder({ aggregate, programs, findings, random }: Recovery): Promise<void> {
  const [first] = programs;
  if (first === undefined) return;
  const resource = "line";
  const lease = await first.locks.acquire(resource, { ttl: 30_000, wait: 5_000 });
  const waiting: Promise<void>[] = [];
  const served: Ticket[] = [];
  const wait = async (program: Program, name: string) => {
    const ticket = { name, time: Math.floor(program.host.clock.wall()) };
    try {
      const own = await program.locks.acquire(resource, { ttl: 10_000, wait: 60_000 });
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
      await pass(aggregate, random.between(2, 40));
    }
  }
  await pass(aggregate, lining);
  const since = aggregate.timeline.now;
  await lease.release();
  await Promise.all(waiting);
  findings.looked();
  const took = aggregate.timeline.now - since;
  const most = waiting.length * (hold * 1.1 + handing) + grace;
  if (took > most) findings.report(`${waiting.length} callers in line took ${took} ms, and may take ${most}`);
  const late = served.find(({ time }, index) => index > 0 && time < (served[index - 1]?.time ?? 0));
  if (late === undefined) return;
  findings.report(
    `${late.name} is served late: ${served.map(({ name, time }) => `${name} (${time})`).join(", ")}`,
  );
}
