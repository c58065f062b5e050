import type { EventObject, StateValue } from "xstate";
import { TableActor } from "../../../src/machines/compiled/table-actor.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import { type LockPort, lockPorts } from "../../../src/machines/lock-port.js";
import type { lockTable } from "../../../src/machines/tables.js";
import type { acceptedEvents, LockModel } from "./lock-model.js";

/**
 * Runs one path through the chart of a lock on its transition table, as locks do, with a model as the port. Checks each step
 * and returns the states, the initial state included.
 */
export function alongLock(
  table: ReturnType<typeof lockTable>,
  model: LockModel,
  port: LockPort,
  accepted: typeof acceptedEvents,
  path: readonly EventObject[],
): readonly StateValue[] {
  const chart = new TableActor(table, { resources: ["a"] });
  lockPorts.bind(chart, port);
  const states = [chart.value];
  for (const event of path as readonly LockMachineEvent[]) {
    const before = JSON.stringify([chart.value, chart.context]);
    const isAccepted = accepted[JSON.stringify(chart.value)]?.includes(event.type) ?? false;
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
}

const substateOf = (value: StateValue): string =>
  typeof value === "string" ? "" : String(Object.values(value)[0]);
