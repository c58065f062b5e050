import { median } from "../stats.mjs";
import { counted, figure, percent, ranged, table, times } from "./format.mjs";
import { against } from "./ratio.mjs";

const other = "redis-semaphore";
const over = (rounds, key) => rounds.map((round) => round[key]);

const columns = [
  ["callers", ({ cell, first }) => (first ? figure(cell.callers) : "")],
  ["permits", ({ cell, first }) => (first ? figure(cell.permits) : "")],
  ["held for", ({ cell, first }) => (first ? `${cell.hold} ms` : "")],
  ["system", ({ name }) => (name === other ? name : `**${name}**`)],
  ["pairs/s", ({ rounds }) => ranged(over(rounds, "throughput"))],
  [`to ${other}`, ({ cell, name }) => times(against(cell.results, name, "throughput", other))],
  ["CPU, µs", ({ rounds }) => figure(median(over(rounds, "cpu")))],
  [
    "a caller's share",
    ({ rounds }) =>
      `${percent(median(over(rounds, "leastShare")))}–${percent(median(over(rounds, "mostShare")))}`,
  ],
];

export function permitsReport({ rounds, duration, cells }) {
  const rows = cells.flatMap((cell) =>
    Object.entries(cell.results).map(([name, each], index) => ({
      cell,
      name,
      rounds: each,
      first: index === 0,
    })),
  );
  return [
    "### j. Permits",
    `Acquire and release of one permit of a semaphore on one node, over ioredis; ${counted(rounds, "round")} of ${duration} ms, in turns, each system in a process of its own. CPU is the client process's, for each pair.`,
    table(rows, columns, 4),
  ];
}
