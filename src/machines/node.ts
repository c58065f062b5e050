import { type ActorRefFrom, assign, setup } from "xstate";
import { Ports } from "./port.js";

export type NodeMachineEvent =
  | { type: "CONNECTED" }
  | { type: "DISCONNECTED"; cause?: string }
  /** The node did not answer within the node timeout. `cause`: the reason, if known. */
  | { type: "SILENT"; cause?: string }
  /** The node has been silent so often that it is only probed, until it answers. */
  | { type: "UNRESPONSIVE"; cause?: string }
  /** The node answered again after a silence. */
  | { type: "ANSWERED" }
  /** The node lost its memory, and abstains. `until`: epoch ms; null if the time is not known yet. */
  | { type: "FORGOT"; until: number | null; cause?: string }
  /** The node has a memory again, and votes. */
  | { type: "REMEMBERED" };

/** The object that the node state machine reports to. */
export interface NodePort {
  up(): void;
  down(cause: string): void;
  quarantined(until: number | null, cause: string | undefined): void;
}

interface Abstention {
  readonly until: number | null;
  readonly cause: string | undefined;
}

export const nodePorts = new Ports<NodePort>();

/** The reason why the node is down, with a default if the event has no cause. */
function causeOf(event: NodeMachineEvent): string {
  if ("cause" in event && event.cause !== undefined) return event.cause;
  return event.type === "UNRESPONSIVE" ? "does not answer" : "the connection was lost";
}

const { createMachine } = setup({
  types: {} as {
    context: { node: string; abstention: Abstention | null };
    events: NodeMachineEvent;
    input: { node: string };
  },
  guards: {
    abstains: ({ context }) => context.abstention !== null,
  },
  actions: {
    noteAbstention: assign(({ context, event }) => ({
      abstention: event.type === "FORGOT" ? { until: event.until, cause: event.cause } : context.abstention,
    })),
    forgetAbstention: assign({ abstention: null }),
    reportUp: ({ self }) => nodePorts.of(self)?.up(),
    reportQuarantined: ({ self, context: { abstention } }) => {
      if (abstention !== null) nodePorts.of(self)?.quarantined(abstention.until, abstention.cause);
    },
    reportDown: ({ self, event }) => nodePorts.of(self)?.down(causeOf(event)),
  },
});

const down = { target: "down", actions: "reportDown" as const };
const unresponsive = { target: "unresponsive", actions: "reportDown" as const };
const up = { target: "ready", actions: ["forgetAbstention", "reportUp"] as const };

/** The state machine for the health of one node, derived from its connection and its replies. */
export const nodeMachine = createMachine({
  id: "node",
  context: ({ input }) => ({ node: input.node, abstention: null }),
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

export type NodeActor = ActorRefFrom<typeof nodeMachine>;
