import { assign, setup } from "xstate";
import type { DeposedReason } from "../errors.js";
import { type Table, tableOf } from "./compiled/table.js";
import type { ElectionContext } from "./election-state.js";
import { Ports } from "./port.js";

/** The events of the election state machine: imperative for requests, past tense for outcomes. */
export type ElectionMachineEvent =
  | { type: "CAMPAIGN" }
  /** The candidate holds the lease. */
  | { type: "ELECTED" }
  /** The campaign ended without a lease. */
  | { type: "FAILED"; error: unknown }
  /** The leader gives up the leadership. */
  | { type: "RESIGN"; reason: "resigned" | "failed" }
  /** The work of the term has ended, or is waited for no longer. */
  | { type: "STOPPED" }
  | { type: "RELEASED" }
  /** The lease ended without a release. */
  | { type: "LOST"; reason: DeposedReason }
  /** The candidate withdraws for good. */
  | { type: "CLOSE" };

/** The object that the election state machine acts on. None of its actions may throw, because that stops the actor. */
export interface ElectionPort {
  /** Asks for the lease → ELECTED or FAILED. */
  campaign(): void;
  /** Gives up the campaign that is under way. */
  abandonCampaign(): void;
  /** Reports a campaign that ended without a lease. */
  reportFailure(error: unknown): void;
  beginTerm(term: number): void;
  /** Asks the work of the term to stop → STOPPED, or LOST if the lease is lost before. */
  stopWork(reason: DeposedReason): void;
  /** Ends the leadership, and reports the end. */
  endTerm(reason: DeposedReason): void;
  /** → RELEASED */
  releaseLease(): void;
  /** The lease is no longer held, here or on the nodes. */
  concludeTerm(): void;
  /** → CAMPAIGN, after a delay if something failed, and not before the work of the last term has ended. */
  scheduleCampaign(): void;
  finish(): void;
}

export const electionPorts = new Ports<ElectionPort>();

const { createMachine } = setup({
  types: {} as {
    context: ElectionContext;
    events: ElectionMachineEvent;
    input: { election: string };
  },
  guards: {
    isClosing: ({ context }) => context.closing,
  },
  actions: {
    countTerm: assign(({ context }) => ({ terms: context.terms + 1, reason: null })),
    noteReason: assign(({ event }) => ("reason" in event ? { reason: event.reason } : {})),
    noteClosed: assign(() => ({ reason: "closed" as const, closing: true })),
    noteClosing: assign(() => ({ closing: true })),
    campaign: ({ self }) => electionPorts.of(self)?.campaign(),
    abandonCampaign: ({ self }) => electionPorts.of(self)?.abandonCampaign(),
    reportFailure: ({ self, event }) => {
      if (event.type === "FAILED") electionPorts.of(self)?.reportFailure(event.error);
    },
    beginTerm: ({ self, context }) => electionPorts.of(self)?.beginTerm(context.terms),
    stopWork: ({ self, context }) => {
      if (context.reason !== null) electionPorts.of(self)?.stopWork(context.reason);
    },
    endTerm: ({ self, context }) => {
      if (context.reason !== null) electionPorts.of(self)?.endTerm(context.reason);
    },
    releaseLease: ({ self }) => electionPorts.of(self)?.releaseLease(),
    concludeTerm: ({ self }) => electionPorts.of(self)?.concludeTerm(),
    scheduleCampaign: ({ self }) => electionPorts.of(self)?.scheduleCampaign(),
    finish: ({ self }) => electionPorts.of(self)?.finish(),
  },
});

/** The lease was lost: the term is over at once, whatever its work does. */
const lost = ["noteReason", "endTerm", "concludeTerm"] as const;

/**
 * The state machine of one candidate of an election. The candidate campaigns until it is closed, and leads while it holds
 * the lease.
 */
export const electionMachine = createMachine({
  id: "election",
  context: ({ input }) => ({ election: input.election, terms: 0, reason: null, closing: false }),
  initial: "follower",
  states: {
    follower: { on: { CAMPAIGN: "campaigning", CLOSE: "closed" } },
    campaigning: {
      entry: "campaign",
      on: {
        ELECTED: "leading",
        FAILED: { target: "follower", actions: ["reportFailure", "scheduleCampaign"] },
        CLOSE: { target: "closed", actions: "abandonCampaign" },
      },
    },
    leading: {
      entry: ["countTerm", "beginTerm"],
      on: {
        LOST: { target: "follower", actions: [...lost, "scheduleCampaign"] },
        RESIGN: { target: "resigning", actions: "noteReason" },
        CLOSE: { target: "resigning", actions: "noteClosed" },
      },
    },
    resigning: {
      initial: "stopping",
      on: { CLOSE: { actions: "noteClosing" } },
      states: {
        // The lease is held and renewed while the work of the term stops.
        stopping: {
          entry: "stopWork",
          on: {
            STOPPED: "releasing",
            LOST: [
              { guard: "isClosing", target: "#election.closed", actions: lost },
              { target: "#election.follower", actions: [...lost, "scheduleCampaign"] },
            ],
          },
        },
        releasing: {
          entry: ["releaseLease", "endTerm"],
          on: {
            RELEASED: [
              { guard: "isClosing", target: "#election.closed", actions: "concludeTerm" },
              { target: "#election.follower", actions: ["concludeTerm", "scheduleCampaign"] },
            ],
          },
        },
      },
    },
    closed: { entry: "finish" },
  },
});

let table: Table<typeof electionMachine> | null = null;

/** The table of the election state machine, derived when the first election is opened. */
export function electionTable(): Table<typeof electionMachine> {
  table ??= tableOf(electionMachine);
  return table;
}
