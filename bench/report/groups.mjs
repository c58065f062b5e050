import { median } from "../stats.mjs";
import { counted, figure, ranged, table, times } from "./format.mjs";
import { against } from "./ratio.mjs";

const over = (rounds, key) => rounds.map((round) => round[key]);

const columns = [
  ["callers", ({ callers, first }) => (first ? figure(callers) : "")],
  ["groups", ({ count }) => count],
  ["pairs/s", ({ rounds }) => ranged(over(rounds, "throughput"))],
  ["to one group", ({ results, count }) => times(against(results, count, "throughput", "1"))],
  ["p50, ms", ({ rounds }) => figure(median(over(rounds, "p50")))],
  ["CPU, µs", ({ rounds }) => figure(median(over(rounds, "cpu")))],
  ["busiest server's CPU, µs", ({ rounds }) => figure(median(over(rounds, "serverCpu")))],
  ["to one group", ({ results, count }) => times(against(results, count, "serverCpu", "1"))],
];

export function groupsReport({ size, rounds, duration, refused, cells }) {
  const title = "### i. Groups of nodes";
  if (refused !== undefined) return [title, "Left out: this build refuses the option `groups`."];
  const rows = cells.flatMap(({ callers, results }) =>
    Object.entries(results).map(([count, each], index) => ({
      callers,
      results,
      count,
      rounds: each,
      first: index === 0,
    })),
  );
  return [
    title,
    `Acquire and release of distinct resources with Holdfast over ioredis, spread over groups of ${size} nodes; ${counted(rounds, "round")} of ${duration} ms, in turns. CPU is the client process's, and that of the busiest server, for each pair of all groups. Client and servers share the cores of this machine, so the throughput says less than the server's CPU: it limits how many pairs the groups can take. With more groups a call to a node has fewer commands, which costs more where the callers are few.`,
    table(rows, columns, 2),
  ];
}
