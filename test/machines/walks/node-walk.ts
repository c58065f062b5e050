import { expect } from "vitest";
import { createActor, type EventObject } from "xstate";
import { getSimplePaths } from "xstate/graph";
import { TableActor } from "../../../src/machines/compiled/table-actor.js";
import { nodeMachine } from "../../../src/machines/node.js";
import type { NodeMachineEvent } from "../../../src/machines/node-events.js";
import { type NodePort, nodePorts } from "../../../src/machines/node-port.js";
import { nodeTable } from "../../../src/machines/tables.js";
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

const record = (chart: object, reported: unknown[]): void => {
  const report =
    (name: string | symbol) =>
    (...details: unknown[]) =>
      void reported.push([name, ...details]);
  nodePorts.bind(chart, new Proxy({}, { get: (_, name) => report(name) }) as NodePort);
};

/**
 * Runs the node's chart on its table, with a port that records the reports, and beside it as an actor, which must report the
 * same.
 */
export const nodeWalk: Walk = {
  machine: nodeMachine,
  paths,
  along(path: readonly EventObject[]) {
    const chart = new TableActor(nodeTable(), input);
    const actor = createActor(nodeMachine, { input });
    const [reports, actorReports]: [string[][], string[][]] = [[], []];
    record(chart, reports);
    record(actor, actorReports);
    actor.start();
    const states = [chart.value];
    for (const event of path as readonly NodeMachineEvent[]) {
      const before = reports.length;
      chart.send(event);
      actor.send(event);
      const state = chart.state;
      const reported = reports.map(([name = ""]) => name);
      const { value, context } = actor.getSnapshot();
      expect([chart.value, chart.context, reports]).toEqual([value, context, actorReports]);
      if (reported.length > before + 1 || !isReported(state, reported))
        throw new Error(
          `${path.map(({ type }) => type).join(" ")}: is ${state}, reported ${reported.join(", ")}`,
        );
      states.push(state);
    }
    for (const one of [chart, actor]) one.stop();
    return states;
  },
};
