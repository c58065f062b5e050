import { createActor, type EventObject } from "xstate";
import { getSimplePaths } from "xstate/graph";
import { type NodeMachineEvent, type NodePort, nodeMachine, nodePorts } from "../../../src/machines/node.js";
import type { Walk } from "./walk.js";

/** What any of them may carry. */
const extras = { cause: "because", until: null };
const events = nodeMachine.events.map((type) => ({
  type,
  ...extras,
})) as unknown as readonly NodeMachineEvent[];
const input = { node: "n" };

const paths = getSimplePaths(nodeMachine, { input, events })
  .map(({ steps }) => steps.slice(1).map(({ event }) => event))
  .flatMap((path) => events.map((last) => [...path, last]));

/** In these a node does not vote, and that is what is told. All others are fine, or not known to be otherwise. */
const troubles: Readonly<Record<string, string>> = {
  down: "down",
  unresponsive: "down",
  quarantined: "quarantined",
};

/** Whether what was told last, of all that was told in order, is so; where nothing was, there is nothing to tell. */
export function isTold(state: string, told: readonly string[]): boolean {
  const last = told.at(-1);
  const isSo = state in troubles ? last === troubles[state] : last === undefined || last === "up";
  // Nobody is told again what he was told last, but for how long it will be.
  const repeated = told.some((name, at) => at > 0 && name === told[at - 1] && name !== "quarantined");
  return isSo && !repeated && told[0] !== "up";
}

/** With one at the other end who notes what is reported. */
export const nodeWalk: Walk = {
  machine: nodeMachine,
  paths,
  along(path: readonly EventObject[]) {
    const chart = createActor(nodeMachine, { input });
    const told: string[] = [];
    const note = (name: string) => () => void told.push(name);
    nodePorts.bind(chart, new Proxy({}, { get: (_, name) => note(String(name)) }) as NodePort);
    chart.start();
    const states = [chart.getSnapshot().value];
    for (const event of path as readonly NodeMachineEvent[]) {
      const before = told.length;
      chart.send(event);
      const state = chart.getSnapshot().value;
      if (told.length > before + 1 || !isTold(state, told))
        throw new Error(`${path.map(({ type }) => type).join(" ")}: is ${state}, told ${told.join(", ")}`);
      states.push(state);
    }
    chart.stop();
    return states;
  },
};
