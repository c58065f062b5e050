import { assign, setup } from "xstate";
import { type NodeContext, nodeActions } from "./node-actions.js";
import type { NodeMachineEvent } from "./node-events.js";

const { context, guards, updates, effects } = nodeActions;

const { createMachine } = setup({
  types: {} as {
    context: NodeContext;
    events: NodeMachineEvent;
    input: { node: string };
  },
  guards,
  actions: {
    noteAbstention: assign(updates.noteAbstention),
    forgetAbstention: assign(updates.forgetAbstention),
    ...effects,
  },
});

const down = { target: "down", actions: "reportDown" as const };
const unresponsive = { target: "unresponsive", actions: "reportDown" as const };
const up = { target: "ready", actions: ["forgetAbstention", "reportUp"] as const };

/** The state machine for the health of one node, derived from its connection and its replies. */
export const nodeMachine = createMachine({
  id: "node",
  context,
  initial: "connecting",
  on: {
    FORGOT: { target: ".quarantined", actions: ["noteAbstention", "reportQuarantined"] },
    REMEMBERED: { actions: "forgetAbstention" },
  },
  states: {
    connecting: { on: { CONNECTED: "ready", DISCONNECTED: down } },
    ready: { on: { SILENT: "suspect", UNRESPONSIVE: unresponsive, DISCONNECTED: down } },
    suspect: {
      on: { ANSWERED: "ready", CONNECTED: "ready", UNRESPONSIVE: unresponsive, DISCONNECTED: down },
    },
    // Connected, but sent no commands: a probe is in flight or scheduled.
    unresponsive: {
      on: {
        ANSWERED: [{ guard: "abstains", target: "quarantined", actions: "reportQuarantined" }, up],
        CONNECTED: up,
        DISCONNECTED: "down",
      },
    },
    // Whether the node abstains is determined again on each connection.
    down: { on: { CONNECTED: up } },
    quarantined: {
      on: { REMEMBERED: up, UNRESPONSIVE: unresponsive, DISCONNECTED: down },
    },
  },
});
