import { assign, setup } from "xstate";
import { electionActions } from "./election-actions.js";
import type { ElectionMachineEvent } from "./election-events.js";
import type { ElectionContext } from "./election-state.js";

const { context, guards, updates, effects } = electionActions;

const { createMachine } = setup({
  types: {} as {
    context: ElectionContext;
    events: ElectionMachineEvent;
    input: { election: string };
  },
  guards,
  actions: {
    countTerm: assign(updates.countTerm),
    noteReason: assign(updates.noteReason),
    noteClosed: assign(updates.noteClosed),
    noteClosing: assign(updates.noteClosing),
    ...effects,
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
  context,
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
