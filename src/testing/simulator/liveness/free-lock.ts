import { pass, type Recovery, reasonOf, timed } from "./recovery.js";

/** ms within which a lock that is free is granted. */
const bound = 1_000;

/** A free lock is granted to whoever asks, within a bound; also one that others have fought for. */
export async function checkFreeLocks({ aggregate, programs, findings }: Recovery): Promise<void> {
  for (const resource of [...aggregate.script.resources, "fresh"]) {
    for (const { host, locks } of programs) {
      if ((await aggregate.contents()).some(({ key }) => key === resource)) continue;
      findings.looked();
      const options = { ttl: 2_000, wait: 5_000, renew: false };
      const { value: lease, error, took } = await timed(aggregate, locks.acquire(resource, options));
      if (lease === undefined)
        findings.report(`${host.name} is refused ${resource}, which is free: ${reasonOf(error)}`);
      else if (took > bound)
        findings.report(`${host.name} was granted ${resource}, which is free, after ${took} ms`);
      await lease?.release();
      // What the release has still under way to slower nodes.
      await pass(aggregate, 50);
    }
  }
}
