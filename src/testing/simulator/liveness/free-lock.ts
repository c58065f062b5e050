import { type Recovery, reasonOf, sleep, timed } from "./recovery.js";

/** Maximum time in ms until a free lock is granted. */
const bound = 1_000;

/** A free lock is granted to every program within a bound, even a lock that was contended before. */
export async function checkFreeLocks({ simulation, programs, findings }: Recovery): Promise<void> {
  for (const resource of [...simulation.script.resources, "fresh"]) {
    for (const { host, locks } of programs) {
      if ((await simulation.contents()).some(({ key }) => key === resource)) continue;
      findings.checked();
      const options = { ttl: 2_000, wait: 5_000, renew: false };
      const { value: lease, error, took } = await timed(simulation, locks.acquire(resource, options));
      if (lease === undefined)
        findings.report(`${host.name} is refused ${resource}, which is free: ${reasonOf(error)}`);
      else if (took > bound)
        findings.report(`${host.name} was granted ${resource}, which is free, after ${took} ms`);
      await lease?.release();
      // Lets the release reach the slower nodes.
      await sleep(simulation, 50);
    }
  }
}
