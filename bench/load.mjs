import { performance } from "node:perf_hooks";
import { summary } from "./stats.mjs";

/** Shared by all measurements: no resource is reused, so a release that is still in progress cannot interfere. */
let serial = 0;

/**
 * Runs `callers` callers for `duration` ms. Each acquires and releases in a loop. `acquire(resource, caller)` returns the
 * function that releases. Resources are distinct by default; `resourceOf(caller)` overrides them.
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
