import { median } from "../stats.mjs";
import { ways } from "../watching/ways.mjs";
import { counted, figure, ranged, table, times } from "./format.mjs";
import { against } from "./ratio.mjs";

const over = (rounds, key) => rounds.map((round) => round[key]);
const unwatched = "unwatched";

const columns = [
  ["watched by", ({ way }) => ways[way].title],
  ["pairs/s", ({ rounds }) => ranged(over(rounds, "throughput"))],
  ["to unwatched", ({ results, way }) => times(against(results, way, "throughput", unwatched))],
  ["CPU, µs", ({ rounds }) => figure(median(over(rounds, "cpu")))],
  ["to unwatched", ({ results, way }) => times(against(results, way, "cpu", unwatched))],
];

export function watchingReport({ nodes, callers, rounds, duration, results }) {
  const rows = Object.entries(results).map(([way, each]) => ({ results, way, rounds: each }));
  return [
    "### h. Watched locks",
    `Acquire and release of distinct resources with Holdfast over ioredis, ${counted(callers, "caller")}, ${counted(nodes, "node")}; ${counted(rounds, "round")} of ${duration} ms, in turns, each in a process of its own. CPU is that of the locks' process, for each pair. A subscriber needs a handle and an actor for each lock. The spans' cost includes the SDK's.`,
    table(rows, columns),
  ];
}
