import type { AnyStateMachine } from "xstate";
import type { ChartName } from "./charts.js";
import { chartTables } from "./compiled/chart-tables.js";
import { type ChartActions, linkTable, type Table } from "./compiled/table.js";
import type { electionMachine } from "./election.js";
import { electionActions } from "./election-actions.js";
import { loadCharts } from "./load-charts.js";
import type { lockMachine } from "./lock.js";
import { lockActions } from "./lock-actions.js";
import type { managerMachine } from "./manager.js";
import type { nodeMachine } from "./node.js";
import { nodeActions } from "./node-actions.js";
import { sharedActions } from "./shared-actions.js";

const once = <Value>(make: () => Value): (() => Value) => {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const names = once(chartTables);

type Actions<Machine extends AnyStateMachine> = ChartActions & Pick<Table<Machine>, "context">;

const tableOf = <Machine extends AnyStateMachine>(
  name: ChartName,
  actions: Actions<Machine>,
  chart: () => Machine,
): Table<Machine> => ({
  start: linkTable(names()[name], actions),
  context: actions.context,
  startActor: (...from) => loadCharts().startActor(chart(), ...from),
});

/** The tables of the charts. Each is made when it is first asked for. */
export const lockTable: () => Table<typeof lockMachine> = once(() =>
  tableOf("lock", lockActions, () => loadCharts().charts.lock),
);
/** That of a shared lock has the events and the context of a lock, and a further state. */
export const sharedTable: () => Table<typeof lockMachine> = once(() =>
  tableOf("shared", sharedActions, () => loadCharts().charts.shared as unknown as typeof lockMachine),
);
export const nodeTable: () => Table<typeof nodeMachine> = once(() =>
  tableOf("node", nodeActions, () => loadCharts().charts.node),
);
export const managerTable: () => Table<typeof managerMachine> = once(() =>
  tableOf(
    "manager",
    { context: () => ({}), guards: {}, updates: {}, effects: {} },
    () => loadCharts().charts.manager,
  ),
);
export const electionTable: () => Table<typeof electionMachine> = once(() =>
  tableOf("election", electionActions, () => loadCharts().charts.election),
);
