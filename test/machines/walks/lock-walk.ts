import type { StateValue } from "xstate";
import { TableActor } from "../../../src/machines/compiled/table-actor.js";
import { lockMachine, lockTable } from "../../../src/machines/lock.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import { lockPorts } from "../../../src/machines/lock-port.js";
import { lockPaths } from "../lock-paths.js";
import { heeded, LockModel } from "./lock-model.js";
import type { Walk } from "./walk.js";

/** As locks run it, on its table, with a model of a lock at the other end. */
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
      const isHeeded = heeded[JSON.stringify(chart.value)]?.includes(event.type) ?? false;
      model.expect(event, isHeeded);
      chart.send(event);
      const { value, state, context } = chart;
      const isChanged = model.calls > 0 || before !== JSON.stringify([value, context]);
      model.check(state, substateOf(value), context, isHeeded);
      const found = [...model.violations];
      if (isChanged !== isHeeded)
        found.push(`${event.type} is ${isChanged ? "heeded" : "ignored"} after ${before}`);
      // There are tens of thousands of steps: so nothing is compared by the runner where all is well.
      if (found.length > 0) throw new Error(`${path.map(({ type }) => type).join(" ")}: ${found.join("; ")}`);
      states.push(value);
    }
    return states;
  },
};

const substateOf = (value: StateValue): string =>
  typeof value === "string" ? "" : String(Object.values(value)[0]);
