/** Many seeds, on several threads. */
import { Worker } from "node:worker_threads";

/** What a run makes is soon forgotten: with room for it, a fifth less time is spent on clearing it away. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 };

/** Seeds that a thread is given at once. */
const handful = 10;

/**
 * Plays `count` seeds from `from` on; `entry`: the build's simulator, a folder's URL. Stops early when `enough` says so
 * of what was found. Adds up what the runs did.
 */
export async function playSeeds({
  entry,
  from,
  count,
  faults,
  deeds,
  jobs,
  enough = () => false,
  onProgress,
}) {
  const total = { seeds: 0, time: 0, overlaps: 0, counts: {}, failed: [] };
  let next = from;
  const end = from + count;
  const workers = Array.from(
    { length: jobs },
    () => new Worker(new URL("worker.mjs", import.meta.url), { workerData: { entry }, resourceLimits }),
  );
  const serve = (worker) =>
    new Promise((resolve, reject) => {
      const give = () => {
        if (next >= end || enough(total)) return resolve();
        const seeds = [];
        while (seeds.length < handful && next < end) seeds.push(next++);
        worker.postMessage({ seeds, faults, deeds });
      };
      worker.on("message", (sum) => {
        add(total, sum);
        onProgress?.(total);
        give();
      });
      worker.on("error", reject);
      give();
    });
  try {
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  total.failed.sort((one, other) => one.seed - other.seed);
  return total;
}

function add(total, { seeds, time, overlaps, counts, failed }) {
  total.seeds += seeds;
  total.time += time;
  total.overlaps += overlaps;
  for (const [what, count] of Object.entries(counts)) total.counts[what] = (total.counts[what] ?? 0) + count;
  total.failed.push(...failed);
}
