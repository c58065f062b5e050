import { type ActorRefFrom, assign, setup } from "xstate";
import { Ports } from "./port.js";

export type NodeMachineEvent =
  | { type: "CONNECTED" }
  | { type: "DISCONNECTED"; cause?: string }
  /** It did not answer within the node timeout; `cause` if it is known why. */
  | { type: "SILENT"; cause?: string }
  /** It answered again after having been silent. */
  | { type: "ANSWERED" }
  /** It lost its memory, and abstains; `until`: epoch ms, null if nobody can tell yet. */
  | { type: "FORGOT"; until: number | null; cause?: string }
  /** It has a memory again, and votes. */
  | { type: "REMEMBERED" };

/** What the node's chart drives. */
export interface NodePort {
  up(): void;
  down(cause: string | undefined): void;
  quarantined(until: number | null, cause: string | undefined): void;
}

interface Abstention {
  readonly until: number | null;
  readonly cause: string | undefined;
}

export const nodePorts = new Ports<NodePort>();

/** This many silences in a row, with no answer in between, and a node counts as down. */
const silencesToDown = 3;

const causeOf = (event: NodeMachineEvent): string | undefined =>
  event.type === "SILENT" ? (event.cause ?? "does not answer") : "cause" in event ? event.cause : undefined;

const { createMachine } = setup({
  types: {} as {
    context: { node: string; silences: number; abstention: Abstention | null };
    events: NodeMachineEvent;
    input: { node: string };
  },
  guards: {
    silentTooOften: ({ context }) => context.silences + 1 >= silencesToDown,
    abstains: ({ context }) => context.abstention !== null,
  },
  actions: {
    countSilence: assign(({ context }) => ({ silences: context.silences + 1 })),
    forgetSilences: assign({ silences: 0 }),
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
const up = { target: "ready", actions: ["forgetAbstention", "reportUp"] as const };

/** The health of one node, as the votes and its connection show it. */
export const nodeMachine = createMachine({
  id: "node",
  context: ({ input }) => ({ node: input.node, silences: 0, abstention: null }),
  initial: "connecting",
  on: {
    FORGOT: { target: ".quarantined", actions: ["noteAbstention", "reportQuarantined"] },
    REMEMBERED: { actions: "forgetAbstention" },
  },
  states: {
    connecting: { on: { CONNECTED: "ready", DISCONNECTED: down, SILENT: down } },
    ready: {
      entry: "forgetSilences",
      on: { SILENT: { target: "suspect", actions: "countSilence" }, DISCONNECTED: down },
    },
    suspect: {
      on: {
        ANSWERED: "ready",
        CONNECTED: "ready",
        SILENT: [{ guard: "silentTooOften", ...down }, { actions: "countSilence" }],
        DISCONNECTED: down,
      },
    },
    down: {
      on: {
        // Whether it abstains is found out anew on each connection.
        CONNECTED: up,
        ANSWERED: [{ guard: "abstains", target: "quarantined", actions: "reportQuarantined" }, up],
      },
    },
    quarantined: {
      entry: "forgetSilences",
      on: {
        REMEMBERED: up,
        DISCONNECTED: down,
        SILENT: [{ guard: "silentTooOften", ...down }, { actions: "countSilence" }],
        ANSWERED: { actions: "forgetSilences" },
      },
    },
  },
});

export type NodeActor = ActorRefFrom<typeof nodeMachine>;
