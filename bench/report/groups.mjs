import { median } from "../stats.mjs";
import { counted, figure, ranged, table, times } from "./format.mjs";
import { against } from "./ratio.mjs";

const over = (rounds, key) => rounds.map((round) => round[key]);

const columns = [
  ["groups", ({ count }) => count],
  ["pairs/s", ({ rounds }) => ranged(over(rounds, "throughput"))],
  ["to one group", ({ results, count }) => times(against(results, count, "throughput", "1"))],
  ["p50, ms", ({ rounds }) => figure(median(over(rounds, "p50")))],
  ["CPU, µs", ({ rounds }) => figure(median(over(rounds, "cpu")))],
  ["busiest server's CPU, µs", ({ rounds }) => figure(median(over(rounds, "serverCpu")))],
  ["to one group", ({ results, count }) => times(against(results, count, "serverCpu", "1"))],
];

export function groupsReport({ size, callers, rounds, duration, refused, results }) {
  if (refused !== undefined)
    return ["### i. Groups of nodes", `Left out: this build refuses the option \`groups\`.`];
  const rows = Object.entries(results).map(([count, each]) => ({ results, count, rounds: each }));
  return [
    "### i. Groups of nodes",
    `Acquire and release of distinct resources with Holdfast over ioredis, ${counted(callers, "caller")}, groups of ${size} nodes; ${counted(rounds, "round")} of ${duration} ms, in turns. CPU is the client process's, and that of the busiest server, for each pair. Client and servers share the cores of this machine, so the throughput says less than the server's CPU: it limits how many pairs a group can take.`,
    table(rows, columns),
  ];
}
