import { busyReport } from "./busy.mjs";
import { contentionReport } from "./contention.mjs";
import { environmentReport } from "./environment.mjs";
import { faultsReport } from "./faults.mjs";
import { formerReport } from "./former.mjs";
import { goalsReport } from "./goals.mjs";
import { groupsReport } from "./groups.mjs";
import { holdingReport } from "./holding.mjs";
import { killedReport } from "./killed.mjs";
import { permitsReport } from "./permits.mjs";
import { uncontendedReport } from "./uncontended.mjs";
import { watchingReport } from "./watching.mjs";
import { weightReport } from "./weight.mjs";

const sections = {
  a: uncontendedReport,
  b: contentionReport,
  c: holdingReport,
  d: faultsReport,
  e: weightReport,
  f: busyReport,
  g: killedReport,
  h: watchingReport,
  i: groupsReport,
  j: permitsReport,
};

/** Formats the results of a run as Markdown. */
export function reportOf({ environment, results }) {
  const tables = Object.entries(sections).flatMap(([id, of]) => (results[id] ? of(results[id]) : []));
  return [
    ...environmentReport(environment),
    ...tables,
    ...formerReport(results),
    ...goalsReport(results),
  ].join("\n\n");
}
