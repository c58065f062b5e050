/** Plays many seeds on several threads. */
import { Worker } from "node:worker_threads";

/** The objects of a run are short-lived. A larger young generation saves a fifth of the time. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 };

/** The number of seeds that a thread gets at a time. */
const batchSize = 10;

/**
 * Plays `count` seeds, starting with `from`, and adds up their results. `entry`: URL of the simulator's folder in the
 * build. Stops early when `enough` returns true for the total.
 */
export async function playSeeds({
  entry,
  from,
  count,
  faults,
  minimumHolds = false,
  readers = false,
  actions,
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
      const sendNext = () => {
        if (next >= end || enough(total)) return resolve();
        const seeds = [];
        while (seeds.length < batchSize && next < end) seeds.push(next++);
        worker.postMessage({ seeds, faults, minimumHolds, readers, actions });
      };
      worker.on("message", (sum) => {
        add(total, sum);
        onProgress?.(total);
        sendNext();
      });
      worker.on("error", reject);
      sendNext();
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
