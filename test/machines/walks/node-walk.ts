import { createActor, type EventObject } from "xstate";
import { getSimplePaths } from "xstate/graph";
import { type NodeMachineEvent, type NodePort, nodeMachine, nodePorts } from "../../../src/machines/node.js";
import type { Walk } from "./walk.js";

/** Payload properties that events may carry. */
const extras = { cause: "because", until: null };
const events = nodeMachine.events.map((type) => ({
  type,
  ...extras,
})) as unknown as readonly NodeMachineEvent[];
const input = { node: "n" };

const paths = getSimplePaths(nodeMachine, { input, events })
  .map(({ steps }) => steps.slice(1).map(({ event }) => event))
  .flatMap((path) => events.map((last) => [...path, last]));

/** The states in which a node does not vote, with their reports. Any other state needs the report "up" or none. */
const troubles: Readonly<Record<string, string>> = {
  down: "down",
  unresponsive: "down",
  quarantined: "quarantined",
};

/** Whether the reports, in order, match the state. */
export function isReported(state: string, reported: readonly string[]): boolean {
  const last = reported.at(-1);
  const matches = state in troubles ? last === troubles[state] : last === undefined || last === "up";
  // A report is never repeated, except that a quarantine may be reported again with another end.
  const repeated = reported.some((name, at) => at > 0 && name === reported[at - 1] && name !== "quarantined");
  return matches && !repeated && reported[0] !== "up";
}

/** Runs the node's chart with a port that records the reports. */
export const nodeWalk: Walk = {
  machine: nodeMachine,
  paths,
  along(path: readonly EventObject[]) {
    const chart = createActor(nodeMachine, { input });
    const reported: string[] = [];
    const record = (name: string) => () => void reported.push(name);
    nodePorts.bind(chart, new Proxy({}, { get: (_, name) => record(String(name)) }) as NodePort);
    chart.start();
    const states = [chart.getSnapshot().value];
    for (const event of path as readonly NodeMachineEvent[]) {
      const before = reported.length;
      chart.send(event);
      const state = chart.getSnapshot().value;
      if (reported.length > before + 1 || !isReported(state, reported))
        throw new Error(
          `${path.map(({ type }) => type).join(" ")}: is ${state}, reported ${reported.join(", ")}`,
        );
      states.push(state);
    }
    chart.stop();
    return states;
  },
};
