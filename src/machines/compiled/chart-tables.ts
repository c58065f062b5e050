import { type ChartName, charts } from "../charts.js";
import { deriveTable } from "./derive-table.js";
import type { TableNames } from "./table.js";

/**
 * The tables of all charts, derived from the charts. In the built package this module contains the tables instead
 * (scripts/build.mjs writes it), so that XState is not needed to make them.
 */
export const chartTables = (): Readonly<Record<ChartName, TableNames>> => ({
  lock: deriveTable(charts.lock),
  node: deriveTable(charts.node),
  manager: deriveTable(charts.manager),
  election: deriveTable(charts.election),
  shared: deriveTable(charts.shared),
});
