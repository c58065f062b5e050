import type { StateValue } from "xstate";
import { getSimplePaths } from "xstate/graph";
import { TableActor } from "../../../src/machines/compiled/table-actor.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import { lockPorts } from "../../../src/machines/lock-port.js";
import { sharedMachine } from "../../../src/machines/shared.js";
import { sharedTable } from "../../../src/machines/tables.js";
import { lockEvents } from "../lock-paths.js";
import { acceptedEvents, SharedModel } from "./shared-model.js";
import type { Walk } from "./walk.js";

const votes = [] as const;
const several: readonly string[] = ["ACQUIRE", "DENIED", "NO_QUORUM"];
/** One event of each type that a lock has, all of those that a guard tells apart, and those of an upgrade. */
const sharedEvents: readonly LockMachineEvent[] = [
  ...lockEvents.filter(
    ({ type }, at) => several.includes(type) || lockEvents.findIndex((one) => one.type === type) === at,
  ),
  { type: "UPGRADE" },
  { type: "BLOCKED", votes },
  { type: "UPGRADED", validUntil: 3_000, votes },
  { type: "UPGRADE_FAILED", error: "enough" },
];

/** Every path without a repeated state, extended by each event. */
const sharedPaths = getSimplePaths(sharedMachine, {
  input: { resources: ["a"] },
  events: sharedEvents,
  // The context counts attempts without a bound, so states are compared by their value only.
  serializeState: ({ value }: { value: unknown }) => JSON.stringify(value),
})
  .map(({ steps }) => steps.slice(1).map(({ event }) => event))
  .flatMap((path) => sharedEvents.map((last) => [...path, last]));

/** Runs the chart of a shared lock on its transition table, as locks do, with a model of a lock as the port. */
export const sharedWalk: Walk = {
  machine: sharedMachine,
  paths: sharedPaths,
  along(path) {
    const chart = new TableActor(sharedTable(), { resources: ["a"] });
    const model = new SharedModel();
    lockPorts.bind(chart, { acquisition: model, heldLease: model, pendingUpgrade: model });
    const states = [chart.value];
    for (const event of path as readonly LockMachineEvent[]) {
      const before = JSON.stringify([chart.value, chart.context]);
      const isAccepted = acceptedEvents[JSON.stringify(chart.value)]?.includes(event.type) ?? false;
      model.expect(event, isAccepted);
      chart.send(event);
      const { value, state, context } = chart;
      const isChanged = model.calls > 0 || before !== JSON.stringify([value, context]);
      model.check(state, substateOf(value), context, isAccepted);
      const found = [...model.violations];
      if (isChanged !== isAccepted)
        found.push(`${event.type} is ${isChanged ? "accepted" : "ignored"} after ${before}`);
      if (found.length > 0) throw new Error(`${path.map(({ type }) => type).join(" ")}: ${found.join("; ")}`);
      states.push(value);
    }
    return states;
  },
};

const substateOf = (value: StateValue): string =>
  typeof value === "string" ? "" : String(Object.values(value)[0]);
