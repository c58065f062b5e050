/** The goals for the figures, and whether they are met. */
import { medians } from "../scenarios/contention.mjs";
import { median } from "../stats.mjs";
import { peerNames } from "../systems.mjs";
import { counted, figure, kilobytes, percent, table, times } from "./format.mjs";
import { againstBestPeer, least, most } from "./ratio.mjs";

const own = "holdfast";

const goal = (what, measured, { atMost, atLeast }, format) => ({ what, measured, atMost, atLeast, format });

function* uncontended({ cells }) {
  const wanted = { 1: 1, 3: 1.8, 5: 2.5 };
  for (const { client, nodes, callers, results } of cells) {
    if (client !== "ioredis") continue;
    const where = `a. ${counted(callers, "caller")}, ${counted(nodes, "node")}`;
    if (callers === 1) {
      const ratio = againstBestPeer(results, own, "p50", least);
      yield goal(`${where}: p50 to the best peer's`, ratio, { atMost: 1.05 }, times);
    } else if (callers === 100) {
      const ratio = againstBestPeer(results, own, "throughput", most);
      yield goal(`${where}: throughput to the best peer's`, ratio, { atLeast: wanted[nodes] }, times);
    }
  }
}

function* contention({ cells }) {
  for (const { nodes, processes, results } of cells) {
    const where = `b. ${counted(nodes, "node")}, ${processes === 1 ? "one process" : `${processes} processes`}`;
    const { utilisation, waitP99, longest } = medians(results[own]);
    yield goal(`${where}: in use`, utilisation, { atLeast: processes === 1 ? 0.86 : 0.8 }, percent);
    yield goal(`${where}: wait p99, ms`, waitP99, { atMost: 80 }, figure);
    yield goal(`${where}: longest wait, ms`, longest, { atMost: 150 }, figure);
  }
}

/** Ignores the costs of a system that lost its leases. */
const kept = ({ leases, results }, name) => (results[name].lost < leases / 100 ? results[name] : {});

function* holding({ cells }) {
  for (const cell of cells) {
    const where = `c. ${figure(cell.leases)} leases, ttl ${cell.ttl / 1_000} s`;
    const ours = (key) => kept(cell, own)[key] ?? Number.POSITIVE_INFINITY;
    const peers = (key) => peerNames.flatMap((name) => kept(cell, name)[key] ?? []);
    const ratio = (key) => ours(key) / Math.min(...peers(key), Number.MAX_VALUE);
    yield goal(`${where}: commands to the best peer's`, ratio("commands"), { atMost: 0.1 }, times);
    yield goal(`${where}: CPU to the best peer's`, ratio("cpu"), { atMost: 0.5 }, times);
    yield goal(`${where}: heap a lease`, ours("heapPerLease"), { atMost: 8_000 }, kilobytes);
    yield goal(`${where}: lost`, cell.results[own].lost ?? cell.leases, { atMost: 0 }, figure);
  }
  const cost = (leases, ttl) => {
    const cell = cells.find((each) => each.leases === leases && each.ttl === ttl);
    return cell === undefined ? Number.NaN : (kept(cell, own).cpuPerLease ?? Number.POSITIVE_INFINITY);
  };
  for (const ttl of new Set(cells.map((cell) => cell.ttl))) {
    const ratio = cost(20_000, ttl) / cost(2_000, ttl);
    yield goal(`c. ttl ${ttl / 1_000} s: CPU a lease, 20,000 to 2,000`, ratio, { atMost: 1.2 }, times);
  }
}

function* faults({ results }) {
  const ratios = results.hung[own].map(
    ({ p50 = Number.POSITIVE_INFINITY }, round) => p50 / results.healthy[own][round].p50,
  );
  yield goal("d. one of five hung: p50 to all healthy", median(ratios), { atMost: 1.2 }, times);
}

function verdict({ measured, atMost, atLeast }) {
  if (Number.isNaN(measured)) return "not measured";
  return (atMost === undefined ? measured >= atLeast : measured <= atMost) ? "yes" : "no";
}

const columns = [
  ["goal", ({ what }) => what],
  [
    "wanted",
    ({ atMost, atLeast, format }) => (atMost === undefined ? `≥ ${format(atLeast)}` : `≤ ${format(atMost)}`),
  ],
  ["measured", ({ measured, format }) => (Number.isFinite(measured) ? format(measured) : "–")],
  ["met", verdict],
];

const parts = { a: uncontended, b: contention, c: holding, d: faults };

export function goalsReport(results) {
  const goals = Object.entries(parts).flatMap(([id, of]) => (results[id] ? [...of(results[id])] : []));
  if (goals.length === 0) return [];
  return ["### Goals", table(goals, columns)];
}
