import type { ElectionMachineEvent } from "./election-events.js";
import { electionPorts } from "./election-port.js";
import type { ElectionContext } from "./election-state.js";

interface GuardArgs {
  readonly context: ElectionContext;
  readonly event: ElectionMachineEvent;
}

interface Args extends GuardArgs {
  readonly self: object;
}

/** What the guards and actions of the election's chart do. They do not need XState. */
export const electionActions = {
  context: ({ input }: { input: { election: string } }): ElectionContext => ({
    election: input.election,
    terms: 0,
    reason: null,
    closing: false,
  }),
  guards: {
    isClosing: ({ context }: GuardArgs) => context.closing,
  },
  /** Return the properties of the context that change. */
  updates: {
    countTerm: ({ context }: Args): Partial<ElectionContext> => ({ terms: context.terms + 1, reason: null }),
    noteReason: ({ event }: Args): Partial<ElectionContext> =>
      "reason" in event ? { reason: event.reason } : {},
    noteClosed: (): Partial<ElectionContext> => ({ reason: "closed", closing: true }),
    noteClosing: (): Partial<ElectionContext> => ({ closing: true }),
  },
  /** Call the port of the election. */
  effects: {
    campaign: ({ self }: Args) => electionPorts.of(self)?.campaign(),
    abandonCampaign: ({ self }: Args) => electionPorts.of(self)?.abandonCampaign(),
    reportFailure: ({ self, event }: Args) => {
      if (event.type === "FAILED") electionPorts.of(self)?.reportFailure(event.error);
    },
    beginTerm: ({ self, context }: Args) => electionPorts.of(self)?.beginTerm(context.terms),
    stopWork: ({ self, context }: Args) => {
      if (context.reason !== null) electionPorts.of(self)?.stopWork(context.reason);
    },
    endTerm: ({ self, context }: Args) => {
      if (context.reason !== null) electionPorts.of(self)?.endTerm(context.reason);
    },
    releaseLease: ({ self }: Args) => electionPorts.of(self)?.releaseLease(),
    concludeTerm: ({ self }: Args) => electionPorts.of(self)?.concludeTerm(),
    scheduleCampaign: ({ self }: Args) => electionPorts.of(self)?.scheduleCampaign(),
    finish: ({ self }: Args) => electionPorts.of(self)?.finish(),
  },
};
