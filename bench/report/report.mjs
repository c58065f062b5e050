import { contentionReport } from "./contention.mjs";
import { environmentReport } from "./environment.mjs";
import { faultsReport } from "./faults.mjs";
import { goalsReport } from "./goals.mjs";
import { holdingReport } from "./holding.mjs";
import { uncontendedReport } from "./uncontended.mjs";
import { weightReport } from "./weight.mjs";

const sections = {
  a: uncontendedReport,
  b: contentionReport,
  c: holdingReport,
  d: faultsReport,
  e: weightReport,
};

/** Formats the results of a run as Markdown. */
export function reportOf({ environment, results }) {
  const tables = Object.entries(sections).flatMap(([id, of]) => (results[id] ? of(results[id]) : []));
  return [...environmentReport(environment), ...tables, ...goalsReport(results)].join("\n\n");
}
