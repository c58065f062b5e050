/** The goals for the figures, and whether they are met. Ratios are medians of the rounds' ratios. */
import { median, medians } from "../stats.mjs";
import { beforeName, groupedName } from "../systems.mjs";
import { ways } from "../watching/ways.mjs";
import { setUpOf } from "./contention.mjs";
import { counted, figure, kilobytes, megabytes, percent, table, times } from "./format.mjs";
import { cheapest } from "./holding.mjs";
import { keptOf } from "./kept.mjs";
import { against, againstBestContender, againstBestPeer, least, most } from "./ratio.mjs";

const own = "holdfast";

const goal = (what, measured, { atMost, atLeast }, format) => ({ what, measured, atMost, atLeast, format });

const throughputWanted = { 1: 1.5, 3: 3.5, 5: 4.5 };

function* uncontended({ cells }) {
  for (const { client, nodes, callers, results } of cells) {
    if (client !== "ioredis") continue;
    const where = `a. ${counted(callers, "caller")}, ${counted(nodes, "node")}`;
    if (callers === 1) {
      const ratio = againstBestPeer(results, own, "p50", least);
      yield goal(`${where}: p50 to the best peer's`, ratio, { atMost: 1.1 }, times);
    } else if (callers === 100) {
      const ratio = againstBestPeer(results, own, "throughput", most);
      yield goal(
        `${where}: throughput to the best peer's`,
        ratio,
        { atLeast: throughputWanted[nodes] },
        times,
      );
      const bare = against(results, own, "throughput", groupedName);
      yield goal(`${where}: throughput to the grouped bare client's`, bare, { atLeast: 0.6 }, times);
    }
  }
}

/** The share of the time in use, by the numbers of processes and nodes. */
const useWanted = { 1: { 1: 0.93, 3: 0.91, 5: 0.88 }, 8: { 1: 0.89, 3: 0.87, 5: 0.84 } };

function* contention({ cells }) {
  for (const cell of cells) {
    const { nodes, processes, results } = cell;
    const where = `b. ${counted(nodes, "node")}, ${setUpOf(cell)}`;
    const { utilisation, waitP99, longest } = medians(results[own]);
    yield goal(`${where}: in use`, utilisation, { atLeast: useWanted[processes][nodes] }, percent);
    if (processes > 1) {
      const use = againstBestContender(cell, own, "utilisation", most);
      yield goal(`${where}: in use to the best peer's`, use, { atLeast: 1 }, times);
      const handover = againstBestContender(cell, own, "handoverP50", least);
      yield goal(`${where}: hand-over p50 to the best peer's`, handover, { atMost: 1 }, times);
      const before = against(results, own, "handoverP50", beforeName);
      if (results[beforeName])
        yield goal(`${where}: hand-over p50 to the former build's`, before, { atMost: 0.65 }, times);
    }
    yield goal(`${where}: wait p99, ms`, waitP99, { atMost: 80 }, figure);
    yield goal(`${where}: longest wait, ms`, longest, { atMost: 150 }, figure);
  }
}

/** The median of a figure of Holdfast's own; infinite if it lost leases. */
const ownCost = (cell, key) =>
  keptOf(cell)[own] ? median(cell.results[own].map((round) => round[key])) : Number.POSITIVE_INFINITY;

function* holding({ cells }) {
  for (const cell of cells) {
    const where = `c. ${figure(cell.leases)} leases, ttl ${cell.ttl / 1_000} s`;
    const kept = keptOf(cell);
    const commands = againstBestPeer(kept, own, "commands", least);
    yield goal(`${where}: commands to the best peer's`, commands, { atMost: 0.1 }, times);
    if (cell.leases === 2_000) {
      const client = against(kept, own, "cpu", cheapest);
      yield goal(`${where}: client CPU to ${cheapest}'s`, client, { atMost: 0.5 }, times);
      const server = against(kept, own, "serverCpu", cheapest);
      yield goal(`${where}: server CPU to ${cheapest}'s`, server, { atMost: 0.5 }, times);
    }
    yield goal(`${where}: heap a lease`, ownCost(cell, "heapPerLease"), { atMost: 8_000 }, kilobytes);
    const lost = cell.results[own].reduce((sum, round) => sum + (round.lost ?? cell.leases), 0);
    yield goal(`${where}: lost`, lost, { atMost: 0 }, figure);
  }
  const cost = (leases, ttl) => {
    const cell = cells.find((each) => each.leases === leases && each.ttl === ttl);
    return cell === undefined ? Number.NaN : ownCost(cell, "cpuPerLease");
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

function* weight({ results }) {
  const { importing, withClient, packagesWithClient } = results[own];
  yield goal("e. import, ms", importing, { atMost: 22 }, figure);
  yield goal("e. installed with ioredis", withClient, { atMost: 7e6 }, megabytes);
  yield goal("e. installed packages with ioredis", packagesWithClient, { atMost: 16 }, figure);
}

function* busy({ leases, cells }) {
  for (const { block, period, results } of cells) {
    const lost = results[own].reduce((sum, round) => sum + (round.lost ?? leases), 0);
    yield goal(`f. busy ${block} of each ${period} ms: lost`, lost, { atMost: 0 }, figure);
  }
}

function* killed({ results }) {
  const gap = median(results[own].map(({ longestGap }) => longestGap));
  yield goal("g. a waiter is killed: longest gap, ms", gap, { atMost: 100 }, figure);
}

function* watching({ results }) {
  for (const [way, { title }] of Object.entries(ways)) {
    if (way === "unwatched") continue;
    const ratio = against(results, way, "throughput", "unwatched");
    yield goal(`h. ${title}: throughput to unwatched`, ratio, { atLeast: 0.5 }, times);
  }
}

function* permits({ cells }) {
  for (const { callers, permits: count, results } of cells) {
    const ratio = against(results, own, "throughput", cheapest);
    const where = `j. ${counted(callers, "caller")}, ${count} permits`;
    yield goal(`${where}: throughput to ${cheapest}'s`, ratio, { atLeast: 1 }, times);
  }
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

const parts = {
  a: uncontended,
  b: contention,
  c: holding,
  d: faults,
  e: weight,
  f: busy,
  g: killed,
  h: watching,
  j: permits,
};

export function goalsReport(results) {
  const goals = Object.entries(parts).flatMap(([id, of]) => (results[id] ? [...of(results[id])] : []));
  if (goals.length === 0) return [];
  return ["### Goals", table(goals, columns)];
}
