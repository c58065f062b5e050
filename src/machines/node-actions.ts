import type { NodeMachineEvent } from "./node-events.js";
import { nodePorts } from "./node-port.js";

interface Abstention {
  readonly until: number | null;
  readonly cause: string | undefined;
}

export interface NodeContext {
  node: string;
  abstention: Abstention | null;
}

interface GuardArgs {
  readonly context: NodeContext;
  readonly event: NodeMachineEvent;
}

interface Args extends GuardArgs {
  readonly self: object;
}

/** The reason why the node is down, with a default if the event has no cause. */
function causeOf(event: NodeMachineEvent): string {
  if ("cause" in event && event.cause !== undefined) return event.cause;
  return event.type === "UNRESPONSIVE" ? "does not answer" : "the connection was lost";
}

/** What the guards and actions of the node's chart do. They do not need XState. */
export const nodeActions = {
  context: ({ input }: { input: { node: string } }): NodeContext => ({ node: input.node, abstention: null }),
  guards: {
    abstains: ({ context }: GuardArgs) => context.abstention !== null,
  },
  /** Return the properties of the context that change. */
  updates: {
    noteAbstention: ({ context, event }: Args): Partial<NodeContext> => ({
      abstention: event.type === "FORGOT" ? { until: event.until, cause: event.cause } : context.abstention,
    }),
    forgetAbstention: (): Partial<NodeContext> => ({ abstention: null }),
  },
  /** Call the node's port. */
  effects: {
    reportUp: ({ self }: Args) => nodePorts.of(self)?.up(),
    reportQuarantined: ({ self, context: { abstention } }: Args) => {
      if (abstention !== null) nodePorts.of(self)?.quarantined(abstention.until, abstention.cause);
    },
    reportDown: ({ self, event }: Args) => nodePorts.of(self)?.down(causeOf(event)),
  },
};
