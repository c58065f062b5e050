/** Worker thread: plays seeds with the given build, and posts the total of each batch. */
import { parentPort, workerData } from "node:worker_threads";

// No output uses stack traces, and creating them takes time.
Error.stackTraceLimit = 0;
// Cold starts are part of the runs, and each would print a warning.
process.removeAllListeners("warning");

const { scriptOf } = await import("./script.mjs");
const makeScript = await scriptOf(workerData.entry);
const { play } = await import(new URL("run.js", workerData.entry).href);

parentPort.on("message", async ({ seeds, ...workload }) => {
  const sum = { seeds: 0, time: 0, overlaps: 0, counts: {}, failed: [] };
  for (const seed of seeds) {
    const { violations, overlaps, counts, time, hash } = await play(makeScript(seed, workload));
    sum.seeds++;
    sum.time += time;
    sum.overlaps += overlaps;
    for (const [what, count] of Object.entries(counts)) sum.counts[what] = (sum.counts[what] ?? 0) + count;
    if (violations.length > 0) sum.failed.push({ seed, hash, violation: violations[0] });
  }
  parentPort.postMessage(sum);
});
