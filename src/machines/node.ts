import { type ActorRefFrom, assign, setup } from "xstate";
import { Ports } from "./port.js";

export type NodeMachineEvent =
  | { type: "CONNECTED" }
  | { type: "DISCONNECTED"; cause?: string }
  /** It did not answer within the node timeout; `cause` if it is known why. */
  | { type: "SILENT"; cause?: string }
  /** It has been silent so often that it is not asked any more: only probed, until it answers. */
  | { type: "UNRESPONSIVE"; cause?: string }
  /** It answered again after having been silent. */
  | { type: "ANSWERED" }
  /** It lost its memory, and abstains; `until`: epoch ms, null if nobody can tell yet. */
  | { type: "FORGOT"; until: number | null; cause?: string }
  /** It has a memory again, and votes. */
  | { type: "REMEMBERED" };

/** What the node's chart drives. */
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

/** Why it is down, in any case. */
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

/** The health of one node, as its connection and its replies show it. */
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
    // Connected, and not asked: a probe is under way or scheduled.
    unresponsive: {
      on: {
        ANSWERED: [{ guard: "abstains", target: "quarantined", actions: "reportQuarantined" }, up],
        CONNECTED: up,
        DISCONNECTED: "down",
      },
    },
    // Whether it abstains is found out anew on each connection.
    down: { on: { CONNECTED: up } },
    quarantined: {
      on: { REMEMBERED: up, UNRESPONSIVE: unresponsive, DISCONNECTED: down },
    },
  },
});

export type NodeActor = ActorRefFrom<typeof nodeMachine>;
