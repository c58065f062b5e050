/** Plays seeds, one after the other, with the build that it is given; tells what became of each handful. */
import { parentPort, workerData } from "node:worker_threads";

// Made for messages that nobody reads here.
Error.stackTraceLimit = 0;
// Of cold starts, which are part of such days.
process.removeAllListeners("warning");

const { generate } = await import(new URL("generate.js", workerData.entry).href);
const { play } = await import(new URL("run.js", workerData.entry).href);

parentPort.on("message", async ({ seeds, faults, deeds }) => {
  const sum = { seeds: 0, time: 0, overlaps: 0, counts: {}, failed: [] };
  for (const seed of seeds) {
    const { violations, overlaps, counts, time, hash } = await play(generate(seed, faults, deeds));
    sum.seeds++;
    sum.time += time;
    sum.overlaps += overlaps;
    for (const [what, count] of Object.entries(counts)) sum.counts[what] = (sum.counts[what] ?? 0) + count;
    if (violations.length > 0) sum.failed.push({ seed, hash, violation: violations[0] });
  }
  parentPort.postMessage(sum);
});
