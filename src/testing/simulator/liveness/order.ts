import type { Program } from "../program.js";
import { type Recovery, reasonOf, sleep } from "./recovery.js";

/** Callers per program. */
const callers = 2;
/** How long each caller holds the lock, in ms: long enough for the next caller of its process to queue. */
const hold = 80;
/** Time in ms until all callers are in the queues of the nodes. */
const queueingMs = 600;
/** Maximum time in ms to pass the lock to the next waiter, and an allowance for the whole check. */
const [handing, grace] = [150, 3_000];

interface Ticket {
  readonly name: string;
  readonly time: number;
}

/**
 * Waiters are served in the order of their tickets, which each program takes from its own wall clock. Clients that cannot
 * receive wake-up messages are served too, in any order.
 */
export async function checkOrder({ simulation, programs, findings, random }: Recovery): Promise<void> {
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
      await sleep(simulation, random.between(2, 40));
    }
  }
  await sleep(simulation, queueingMs);
  const since = simulation.timeline.now;
  await lease.release();
  await Promise.all(waiting);
  findings.checked();
  const took = simulation.timeline.now - since;
  const maxMs = waiting.length * (hold * 1.1 + handing) + grace;
  if (took > maxMs)
    findings.report(`${waiting.length} callers in the queue took ${took} ms, and may take ${maxMs}`);
  const late = served.find(({ time }, index) => index > 0 && time < (served[index - 1]?.time ?? 0));
  if (late === undefined) return;
  findings.report(
    `${late.name} is served late: ${served.map(({ name, time }) => `${name} (${time})`).join(", ")}`,
  );
}
