import { performance } from "node:perf_hooks";
import { summary } from "./stats.mjs";

/** Over all measurements: a release that a system does not wait for is not met again. */
let serial = 0;

/**
 * So many callers, each doing one pair of acquire and release after the other, for so long (ms).
 * `acquire(resource, caller)` gives the function that releases. Resources are distinct, unless `resourceOf` says else.
 */
export async function load({ acquire, callers, duration, resourceOf }) {
  const latencies = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + duration;
  const caller = async (_, index) => {
    for (let asked = performance.now(); asked < end; ) {
      const release = await acquire(resourceOf?.(index) ?? `r:${serial++}`, index);
      await release();
      const done = performance.now();
      latencies.push(done - asked);
      asked = done;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const pairs = latencies.length;
  return { pairs, throughput: pairs / seconds, cpu: (user + system) / pairs, ...summary(latencies) };
}
