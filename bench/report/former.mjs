/** Compares Holdfast with another build of it, where that was measured too. */
import { beforeName } from "../systems.mjs";
import { setUpOf } from "./contention.mjs";
import { counted, table, times } from "./format.mjs";
import { against } from "./ratio.mjs";

const own = "holdfast";

const row = (where, results, keys) => ({
  where,
  ratios: Object.fromEntries(keys.map((key) => [key, against(results, own, key, beforeName)])),
});

const uncontended = ({ cells }) =>
  cells.map(({ client, nodes, callers, results }) =>
    row(`a. ${client}, ${counted(callers, "caller")}, ${counted(nodes, "node")}`, results, [
      "throughput",
      "p50",
      "cpu",
    ]),
  );

const contention = ({ cells }) =>
  cells.map((cell) =>
    row(`b. ${setUpOf(cell)}, ${counted(cell.nodes, "node")}`, cell.results, [
      "utilisation",
      "handoverP50",
      "handoverP99",
    ]),
  );

const killed = ({ results }) => [row("g. a waiter is killed", results, ["longestGap"])];

const parts = { a: uncontended, b: contention, g: killed };

const titles = {
  throughput: "pairs/s",
  p50: "p50",
  cpu: "CPU",
  utilisation: "in use",
  handoverP50: "hand-over p50",
  handoverP99: "hand-over p99",
  longestGap: "longest gap",
};

const columns = [
  ["", ({ where }) => where],
  ...Object.entries(titles).map(([key, title]) => [
    title,
    ({ ratios }) => (Number.isFinite(ratios[key]) ? times(ratios[key]) : ""),
  ]),
];

export function formerReport(results) {
  const rows = Object.entries(parts)
    .flatMap(([id, of]) => (results[id] ? of(results[id]) : []))
    .filter(({ ratios }) => Object.values(ratios).some(Number.isFinite));
  if (rows.length === 0) return [];
  return [
    "### Compared with the former build",
    `Holdfast's figures as ratios to those of "${beforeName}", medians of the rounds' ratios.`,
    table(rows, columns),
  ];
}
