/**
 * One process of scripts/side-by-side.mjs: locks with the package at PACKAGE, and sends the parent the spans for which it held
 * each key. Times are in ms of the machine's monotonic clock, which all processes share.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const { PACKAGE, NAME, NODES, UNTIL, KEPT } = process.env;
const { createLocks } = await import(pathToFileURL(`${PACKAGE}/dist/esm/index.js`).href);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const until = Number(UNTIL);
const locks = createLocks({
  nodes: NODES.split(","),
  owner: NAME,
  ttl: 2_000,
  nodeTimeout: 400,
  publish: true,
});

const spans = [];
const errors = {};
const counts = { granted: 0, gave: 0, adopted: 0, longestWait: 0 };
const note = (what, error) => {
  const kind = `${what}: ${error?.code ?? error?.name ?? error}${error?.reason ? ` (${error.reason})` : ""}`;
  errors[kind] = (errors[kind] ?? 0) + 1;
};

/** A key that is kept after its release is nobody else's until then. The servers round their times to ms. */
locks.on("released", ({ resources, keptUntil }) => {
  if (keptUntil === undefined) return;
  const from = now();
  const to = from + keptUntil - Date.now() - 5;
  if (to > from) for (const key of resources) spans.push({ key, from, to, fence: null, by: NAME });
});

/** Stays in the critical section while the lease is valid. Returns the last moment at which it was known to be valid. */
async function hold(lease, ms) {
  const end = now() + ms;
  let last = now();
  for (;;) {
    const at = now();
    // Read in this order, a pause between the two shortens the span.
    if (lease.remaining() <= 0) return last;
    last = at;
    if (at >= end) return last;
    await sleep(1);
  }
}

async function use(what, resources, options, ms) {
  const asked = now();
  let lease;
  try {
    lease = await locks.acquire(resources, { wait: 15_000, onLost: () => {}, ...options });
  } catch (error) {
    if (now() < until) note(what, error);
    return await sleep(20);
  }
  const from = now();
  if (lease.remaining() > 0) {
    counts.granted++;
    counts.longestWait = Math.max(counts.longestWait, from - asked);
    const to = await hold(lease, ms);
    for (const key of [resources].flat()) spans.push({ key, from, to, fence: lease.fence ?? null, by: NAME });
  }
  await lease.release().catch((error) => note(`${what}, release`, error));
}

const random = (list) => list[Math.floor(Math.random() * list.length)];
const repeat = async (job) => {
  while (now() < until) {
    await job();
    await sleep(Math.random() * 10);
  }
};

/** Acquires a lease that a process of the other version adopts. */
async function handOver() {
  const key = `handed-${random([1, 2])}`;
  try {
    const lease = await locks.acquire(key, { wait: 15_000, ttl: 1_500, onLost: () => {} });
    const from = now();
    const to = await hold(lease, 2);
    spans.push({ key, from, to, fence: null, by: NAME });
    process.send({ handover: lease.handover() });
    counts.gave++;
    await sleep(30);
  } catch (error) {
    if (now() < until) note("handover", error);
  }
}

async function adopt(text) {
  try {
    const lease = await locks.adopt(text, { onLost: () => {} });
    const from = now();
    const to = await hold(lease, 5);
    counts.adopted++;
    for (const key of lease.resources) spans.push({ key, from, to, fence: null, by: NAME });
    await lease.release();
  } catch (error) {
    note("adopt", error);
  }
}

const adoptions = new Set();
process.on("message", ({ adopt: text }) => {
  const job = adopt(text).finally(() => adoptions.delete(job));
  adoptions.add(job);
});

await locks.ready({ timeout: 30_000 });
process.send({ ready: true });
const hot = ["hot-1", "hot-2", "hot-3"];
const jobs = [
  // Contention for few keys: waiting in line, short and long ttls, fences.
  ...[0, 1, 2].map(() =>
    repeat(() => use("waiting", random(hot), { ttl: random([800, 2_000, 5_000]) }, Math.random() * 8)),
  ),
  repeat(() => use("fenced", "fenced", { fence: true }, Math.random() * 5)),
  repeat(() => use("several", ["hot-1", "hot-2"], {}, 2)),
  repeat(() => use("long", "long", { ttl: 90_000 }, 10)),
  repeat(() => use("renewed", "renewed", { ttl: 500 }, 700)),
  repeat(async () => {
    const lease = await locks.tryAcquire(random(hot), { ttl: 1_000 }).catch((error) => note("try", error));
    await lease?.release().catch((error) => note("try, release", error));
  }),
  repeat(handOver),
  repeat(() => use("kept", "kept", KEPT === "1" ? { holdAtLeast: 150 } : {}, 5)),
];
await Promise.all(jobs);
await sleep(500);
await Promise.all(adoptions);
await locks.close({ timeout: 5_000 });
process.send({ spans, errors, counts }, () => process.disconnect());
