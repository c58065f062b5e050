import { getSimplePaths } from "xstate/graph";
import { TableActor } from "../../../src/machines/compiled/table-actor.js";
import { electionMachine } from "../../../src/machines/election.js";
import type { ElectionMachineEvent } from "../../../src/machines/election-events.js";
import { electionPorts } from "../../../src/machines/election-port.js";
import { electionTable } from "../../../src/machines/tables.js";
import { acceptedEvents, ElectionModel } from "./election-model.js";
import type { Walk } from "./walk.js";

/** Each event with every relevant payload. */
const events: readonly ElectionMachineEvent[] = [
  { type: "CAMPAIGN" },
  { type: "ELECTED" },
  { type: "FAILED", error: "no quorum" },
  { type: "RESIGN", reason: "resigned" },
  { type: "RESIGN", reason: "failed" },
  { type: "STOPPED" },
  { type: "RELEASED" },
  { type: "LOST", reason: "deadline" },
  { type: "LOST", reason: "closed" },
  { type: "CLOSE" },
];
const input = { election: "scheduler" };
// The context counts terms without a bound.
const serializeState = ({ value, context }: { value: unknown; context: { closing: boolean } }) =>
  JSON.stringify([value, context.closing]);

/** Every path without a repeated state, extended by each event. XState's initial step is left out. */
const paths = getSimplePaths(electionMachine, { input, events, serializeState })
  .map(({ steps }) => steps.slice(1).map(({ event }) => event))
  .flatMap((path) => events.map((last) => [...path, last]));

/** Runs the chart of an election on its transition table, as elections do, with a model of a candidate as the port. */
export const electionWalk: Walk = {
  machine: electionMachine,
  paths,
  along(path) {
    const chart = new TableActor(electionTable(), input);
    const model = new ElectionModel();
    electionPorts.bind(chart, model);
    const states = [chart.value];
    for (const event of path as readonly ElectionMachineEvent[]) {
      const before = JSON.stringify([chart.value, chart.context]);
      // A candidate that is closing has nothing left to note.
      const isAccepted =
        (acceptedEvents[chart.path]?.includes(event.type) ?? false) &&
        !(event.type === "CLOSE" && chart.context.closing);
      model.expect(event, isAccepted);
      chart.send(event);
      const isChanged = model.calls > 0 || before !== JSON.stringify([chart.value, chart.context]);
      model.check(chart.path, chart.context);
      const found = [...model.violations];
      if (isChanged !== isAccepted)
        found.push(`${event.type} is ${isChanged ? "accepted" : "ignored"} after ${before}`);
      if (found.length > 0) throw new Error(`${path.map(({ type }) => type).join(" ")}: ${found.join("; ")}`);
      states.push(chart.value);
    }
    return states;
  },
};
