import type { Program } from "../program.js";
import { agreeOnTime, type Recovery, reasonOf, timed } from "./recovery.js";

const resources = ["one of several", "two of several", "three of several"];
/** Callers that acquire each single resource. */
const callers = 4;
/** How long each caller holds its lock, in ms. */
const hold = 10;
/** Bound for several resources, as a multiple of the time for a single one; and the minimum of the bound, in ms. */
const [times, least] = [20, 3_000];

/** Several resources at once are granted within a bound, although single acquisitions keep each resource busy. */
export async function checkSeveral(recovery: Recovery): Promise<void> {
  const { simulation, programs, findings, random } = recovery;
  agreeOnTime(recovery);
  const asker = programs[random.below(programs.length)] as Program;
  let over = false;
  const waits: number[] = [];
  const busy = async (program: Program, resource: string) => {
    while (!over) {
      const { value: lease, took } = await timed(
        simulation,
        program.locks.acquire(resource, { ttl: 5_000, wait: 30_000 }),
      );
      waits.push(took);
      await program.host.sleep(hold);
      await lease?.release();
    }
  };
  const singles = resources.flatMap((resource, index) =>
    Array.from({ length: callers }, (_, caller) =>
      busy(programs[(caller + index) % programs.length] as Program, resource),
    ),
  );
  await asker.host.sleep(300);
  const single = Math.max(...waits);
  const maxMs = Math.max(least, single * times);
  const {
    value: lease,
    error,
    took,
  } = await timed(simulation, asker.locks.acquire(resources, { ttl: 5_000, wait: maxMs * 1.05 }));
  over = true;
  findings.checked();
  if (lease === undefined) {
    findings.report(`${asker.host.name} is refused three resources: ${reasonOf(error)}`);
  } else if (took > maxMs) {
    findings.report(`${asker.host.name} waits ${took} ms for three resources, a single one ${single} ms`);
  }
  await lease?.release();
  await Promise.all(singles);
}
