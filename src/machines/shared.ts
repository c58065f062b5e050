import { assign, setup } from "xstate";
import { lockStates } from "./lock.js";
import type { LockContext } from "./lock-context.js";
import type { LockMachineEvent } from "./lock-events.js";
import { sharedActions } from "./shared-actions.js";

const { context, guards, updates, effects } = sharedActions;

const { createMachine } = setup({
  types: {} as {
    context: LockContext;
    events: LockMachineEvent;
    input: { resources: readonly string[] };
  },
  guards,
  actions: {
    openAcquisition: assign(updates.openAcquisition),
    countAttempt: assign(updates.countAttempt),
    noteReason: assign(updates.noteReason),
    noteValidity: assign(updates.noteValidity),
    forgetValidity: assign(updates.forgetValidity),
    ...effects,
  },
});

const states = lockStates("shared");

/**
 * The state machine of one shared lock. It is that of a lock, with one more phase: the lease can become exclusive. It
 * stays held meanwhile, and is renewed.
 */
export const sharedMachine = createMachine({
  id: "shared",
  context,
  initial: "idle",
  states: {
    ...states,
    held: { ...states.held, on: { ...states.held.on, UPGRADE: "upgrading" } },
    upgrading: {
      initial: "asking",
      on: {
        UPGRADE_FAILED: { target: "held", actions: "failUpgrade" },
        LOST: "expired",
        EXPIRED: "expired",
        RELEASE: "releasing",
        HAND_OVER: { target: "idle", actions: "endWithoutRelease" },
      },
      states: {
        asking: {
          entry: ["askForUpgrade", "armTimer"],
          on: {
            UPGRADED: { target: "#shared.held", actions: ["noteValidity", "finishUpgrade"] },
            BLOCKED: "waiting",
          },
        },
        waiting: {
          entry: ["scheduleUpgrade", "armTimer"],
          on: { RETRY: "asking", RENEW: "renewing" },
        },
        renewing: {
          entry: ["askForRenewal", "armTimer"],
          on: {
            RENEWED: { target: "waiting", actions: ["noteValidity", "prolong"] },
            NO_QUORUM: { target: "waiting", actions: ["noteReason", "reportQuorumLost"] },
            UPGRADE_FAILED: { target: "#shared.renewing", actions: "failUpgrade" },
          },
        },
      },
    },
  },
});
