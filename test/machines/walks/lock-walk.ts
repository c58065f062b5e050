import type { StateValue } from "xstate";
import { TableActor } from "../../../src/machines/compiled/table-actor.js";
import { lockMachine } from "../../../src/machines/lock.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import { lockPorts } from "../../../src/machines/lock-port.js";
import { lockTable } from "../../../src/machines/tables.js";
import { lockPaths } from "../lock-paths.js";
import { acceptedEvents, LockModel } from "./lock-model.js";
import type { Walk } from "./walk.js";

/** Runs the lock's chart on its transition table, as locks do, with a model of a lock as the port. */
export const lockWalk: Walk = {
  machine: lockMachine,
  paths: lockPaths,
  along(path) {
    const chart = new TableActor(lockTable(), { resources: ["a"] });
    const model = new LockModel();
    lockPorts.bind(chart, { acquisition: model, heldLease: model });
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
      // There are tens of thousands of steps, so this avoids an assertion of the test runner per step.
      if (found.length > 0) throw new Error(`${path.map(({ type }) => type).join(" ")}: ${found.join("; ")}`);
      states.push(value);
    }
    return states;
  },
};

const substateOf = (value: StateValue): string =>
  typeof value === "string" ? "" : String(Object.values(value)[0]);
