/** Eight contenders for one resource: in one process, with one manager and with eight, and in eight processes. */
import { startChild } from "../child.mjs";
import { controlOf } from "../control.mjs";
import { handoversOf } from "../handovers.mjs";
import { startServers } from "../servers.mjs";
import { summary } from "../stats.mjs";
import { contenderNames, isPeer, systemNamed } from "../systems.mjs";
import { inTurns } from "../turns.mjs";

const contenders = 8;
const ttl = 5_000;
const work = { resource: "contended", hold: 5, think: 2 };

/**
 * The contenders contend for another resource first, without holding it for long. It ends `rest` ms before the measurement, so
 * that the last of them have stopped.
 */
const warmUp = { duration: 1_500, rest: 300, work: { hold: 0, think: 0 } };

/** `shared`: whether the contenders of a process share its connections and its manager. */
const setUps = [
  { processes: 1, shared: true },
  { processes: 1, shared: false },
  { processes: 8, shared: false },
];

const plans = {
  full: { rounds: 3, duration: 2_000, nodes: [1, 3, 5], setUps },
  quick: { rounds: 1, duration: 800, nodes: [3], setUps },
};

function digest(records, wall) {
  const leases = records.flatMap((record) => record.leases);
  const waits = records.flatMap((record) => [...record.waits, record.unfinished]).filter((wait) => wait > 0);
  const shares = records.map((record) => record.leases.length / leases.length);
  const { p50, p99, max } = summary(waits);
  const handovers = handoversOf(leases);
  const handover = summary(handovers);
  return {
    utilisation: leases.reduce((sum, [granted, released]) => sum + released - granted, 0) / wall,
    leases: leases.length,
    waitP50: p50,
    waitP99: p99,
    longest: max,
    leastShare: Math.min(...shares),
    mostShare: Math.max(...shares),
    overlaps: handovers.filter((time) => time < 0).length,
    handoverP50: handover.p50,
    handoverP99: handover.p99,
    failures: records.reduce((sum, { failures }) => sum + failures, 0),
  };
}

async function contest(ports, { processes, shared }, { name, retryDelay }, duration) {
  const settings = { ports, ttl, patient: isPeer(name), retryDelay };
  const job = { name, contenders: contenders / processes, shared, warmUp, settings };
  const children = await Promise.all(Array.from({ length: processes }, () => startChild("contender", job)));
  const start = Number(process.hrtime.bigint()) / 1e6 + 100 + warmUp.duration + warmUp.rest;
  const order = { start, end: start + duration, ...work };
  // The contenders start one millisecond apart, so that the first attempts do not all collide.
  const records = await Promise.all(
    children.map(({ go }, index) => go({ ...order, first: index * job.contenders })),
  );
  return digest(records.flat(), duration);
}

/** Measures every retry delay once, and then each system with its better delay. */
async function compare(ports, setUp, plan, progress) {
  const control = controlOf(ports);
  const measure = async (entry) => {
    const { name, retryDelay } = entry;
    progress(
      `${ports.length} nodes, ${setUp.processes} processes${setUp.shared ? ", shared" : ""}, ${name}${retryDelay ? `, ${retryDelay} ms` : ""}`,
    );
    await control.flush();
    return contest(ports, setUp, entry, plan.duration);
  };
  const entries = {};
  const compared = contenderNames();
  for (const name of compared) {
    for (const retryDelay of systemNamed(name).retryDelays) {
      entries[retryDelay === undefined ? name : `${name}, ${retryDelay} ms retries`] = { name, retryDelay };
    }
  }
  const results = await inTurns(Object.keys(entries), 1, (key) => measure(entries[key]));
  const better = compared.map((name) =>
    Object.keys(entries)
      .filter((key) => entries[key].name === name)
      .reduce((best, key) => (results[key][0].utilisation > results[best][0].utilisation ? key : best)),
  );
  const more = await inTurns(better, plan.rounds - 1, (key) => measure(entries[key]));
  for (const key of better) results[key].push(...more[key]);
  control.close();
  const names = Object.fromEntries(Object.entries(entries).map(([key, { name }]) => [key, name]));
  return { nodes: ports.length, ...setUp, names, better, results };
}

async function run(plan, progress) {
  const { ports, stop } = await startServers(5);
  const cells = [];
  for (const setUp of plan.setUps) {
    for (const nodes of plan.nodes) {
      cells.push(await compare(ports.slice(0, nodes), setUp, plan, progress));
    }
  }
  stop();
  return { contenders, ttl, warmUp: warmUp.duration, ...work, ...plan, cells };
}

export const contention = { title: "contention and hand-over", plans, run };
