import { randomUUID } from "node:crypto";
import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { type JobLockOptions, underLease } from "../../src/bullmq.js";
import { createLocks, type Lease, type Locks } from "../../src/index.js";
import { aborted } from "../support/aborted.js";
import { sharedServers } from "../support/shared-servers.js";

interface Data {
  readonly order: string;
}
type Options = Omit<JobLockOptions<Data, string, string>, "locks" | "key">;

const key = ({ data }: Job<Data>) => data.order;

/** A queue with a worker for two jobs at a time, whose jobs need a lock. */
async function startWorker(options: Options, process: (job: Job<Data>, lease: Lease) => Promise<string>) {
  const { url, port } = sharedServers()[0]!;
  const locks = createLocks({ nodes: [url] });
  const connection = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null });
  const name = `orders-${randomUUID()}`;
  const queue = new Queue<Data, string>(name, { connection });
  const processor = underLease<Data, string>({ locks, key, ...options }, process);
  const worker = new Worker<Data, string>(name, processor, { connection, concurrency: 2 });
  onTestFinished(async () => {
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();
    await locks.close();
    await connection.quit();
  });
  const order = randomUUID();
  return { locks, worker, order, add: () => queue.add("pay", { order }) };
}

type Ended = { readonly job: Job<Data, string>; readonly failure: string | null };

/** The first `count` jobs that end, in the order of their ends. */
const ends = (worker: Worker<Data, string>, count: number): Promise<Ended[]> =>
  new Promise((resolve) => {
    const ended: Ended[] = [];
    const note = (job: Job<Data, string> | undefined, failure: string | null) => {
      if (job !== undefined) ended.push({ job, failure });
      if (ended.length === count) resolve(ended);
    };
    worker.on("completed", (job) => note(job, null));
    worker.on("failed", (job, error) => note(job, error.message));
  });

test("jobs with the same key run one after the other: the second one is delayed, and has not failed", async () => {
  let running = 0;
  let most = 0;
  const { worker, add } = await startWorker({ delay: 100 }, async (_, lease) => {
    most = Math.max(most, ++running);
    await lease.renew();
    await expect.poll(() => worker.listenerCount("completed")).toBeGreaterThan(0);
    running--;
    return "paid";
  });
  const all = ends(worker, 3);
  for (let job = 0; job < 3; job++) await add();
  const ended = await all;
  expect(most).toBe(1);
  expect(ended.map(({ job, failure }) => [job.returnvalue, failure, job.attemptsMade])).toEqual(
    Array(3).fill(["paid", null, 1]),
  );
});

test("a lost lease aborts the work, and fails the job although the work returned a result", async () => {
  const { worker, add } = await startWorker({ maxHold: 50 }, async (_, { signal }) => {
    await aborted(signal);
    return "paid";
  });
  const all = ends(worker, 1);
  const { data } = await add();
  const [ended] = await all;
  expect(ended?.failure).toBe(`the lease of "${data.order}" is over: it was held for maxHold`);
  expect(ended?.job.returnvalue).toBeFalsy();
});

const heldByOther = async (locks: Locks, order: string) => {
  const lease = await locks.acquire(order);
  onTestFinished(() => void lease.release());
};

test('with contended: "fail", BullMQ decides what becomes of a job whose lock is taken', async () => {
  const { locks, worker, order, add } = await startWorker({ contended: "fail" }, async () => "paid");
  await heldByOther(locks, order);
  const all = ends(worker, 1);
  await add();
  const [ended] = await all;
  expect(ended?.failure).toContain(`"${order}" is held by`);
});

test("a lock that the work itself does not get is a failure of the work", async () => {
  const taken = randomUUID();
  const { locks, worker, add } = await startWorker({}, async () => {
    await locks.acquire(taken, { wait: 0 });
    return "paid";
  });
  await heldByOther(locks, taken);
  const all = ends(worker, 1);
  await add();
  const [ended] = await all;
  expect(ended?.failure).toContain(`"${taken}" is held by`);
});
