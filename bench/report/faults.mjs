import { median } from "../stats.mjs";
import { lockNames } from "../systems.mjs";
import { counted, figure, named, ranged, table } from "./format.mjs";

const over = (rounds, key) => rounds.map((round) => round[key]);

const cell = (value) => (row) => (row.rounds.some(({ hangs }) => hangs) ? "hangs" : value(row));

const columns = (delay) => [
  [
    "fifth node",
    ({ condition, first }) => (first ? (condition === "slow" ? `${delay} ms slow` : condition) : ""),
  ],
  ["system", ({ name }) => named(name)],
  ["pairs/s", cell(({ rounds }) => ranged(over(rounds, "throughput")))],
  ["p50, ms", cell(({ rounds }) => ranged(over(rounds, "p50")))],
  ["p99, ms", cell(({ rounds }) => figure(median(over(rounds, "p99"))))],
  ["max, ms", cell(({ rounds }) => figure(Math.max(...over(rounds, "max"))))],
];

export function faultsReport({ nodes, delay, callers, duration, rounds, bound, results }) {
  const rows = Object.entries(results).flatMap(([condition, systems]) =>
    lockNames.map((name, index) => ({ condition, name, rounds: systems[name], first: index === 0 })),
  );
  return [
    "### d. Faults",
    `${nodes} nodes, ${counted(callers, "caller")}, distinct resources; ${counted(rounds, "round")} of ${duration} ms. The hung node is suspended as the measurement begins. "Hangs": a call that had not settled ${bound / 1_000} s after the end.`,
    table(rows, columns(delay), 2),
  ];
}
