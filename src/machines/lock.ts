import { type ActorRefFrom, assign, setup } from "xstate";
import { lockActions } from "./lock-actions.js";
import type { LockContext } from "./lock-context.js";
import type { LockMachineEvent } from "./lock-events.js";

const { context, guards, updates, effects } = lockActions;

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

/**
 * The states of a lock, and of a shared lock while it is not upgraded. `id`: that of the state machine.
 */
export function lockStates<Id extends "lock" | "shared">(id: Id) {
  /** Starts an acquisition, or queues it if other callers of this process come first. */
  const acquire = [
    { guard: "isQueued", target: `#${id}.acquiring.queued`, actions: "openAcquisition" },
    { target: "acquiring", actions: "openAcquisition" },
  ] as const;

  /**
   * A failed attempt: retried after a delay, while the retry policy allows it. Keys that it may have been granted are
   * released either way.
   */
  const again = [
    { guard: "mayRetry", target: "waiting", actions: ["noteReason", "abandonAttempt"] },
    { target: `#${id}.idle`, actions: ["noteReason", "abandonAttempt", "fail"] },
  ] as const;

  /**
   * A renewal without a quorum: the lease is still valid, so the renewal is retried until the deadline, if the lease is
   * renewed at all.
   */
  const lostQuorum = [
    { guard: "mayRetry", target: "retrying", actions: ["noteReason", "reportQuorumLost"] },
    { target: `#${id}.held`, actions: ["noteReason", "reportQuorumLost"] },
  ] as const;

  return {
    idle: {
      entry: "forgetValidity",
      on: { ACQUIRE: acquire },
    },
    acquiring: {
      initial: "asking",
      on: {
        ABORT: { target: "idle", actions: ["abandonAttempt", "fail"] },
        TIMED_OUT: { target: "idle", actions: ["abandonAttempt", "fail"] },
        REFUSED: { target: "idle", actions: ["abandonAttempt", "fail"] },
      },
      states: {
        queued: {
          entry: "armWait",
          on: { NEXT: "asking" },
        },
        asking: {
          entry: ["countAttempt", "askForGrant"],
          on: {
            GRANTED: { target: `#${id}.held`, actions: ["noteValidity", "begin"] },
            DENIED: again,
            NO_QUORUM: again,
            TOO_SLOW: again,
          },
        },
        waiting: {
          entry: "scheduleRetry",
          on: { RETRY: "asking" },
        },
      },
    },
    held: {
      entry: "armTimer",
      on: {
        RENEW: "renewing",
        EXPIRED: "expired",
        RELEASE: "releasing",
        HAND_OVER: { target: "idle", actions: "endWithoutRelease" },
      },
    },
    renewing: {
      initial: "asking",
      on: {
        LOST: "expired",
        EXPIRED: "expired",
        RELEASE: "releasing",
        HAND_OVER: { target: "idle", actions: "endWithoutRelease" },
      },
      states: {
        asking: {
          entry: ["askForRenewal", "armTimer"],
          on: {
            RENEWED: { target: `#${id}.held`, actions: ["noteValidity", "prolong"] },
            NO_QUORUM: lostQuorum,
          },
        },
        retrying: {
          entry: "armTimer",
          on: { RENEW: "asking" },
        },
      },
    },
    releasing: {
      entry: "askForRelease",
      on: {
        RELEASED: { target: "idle", actions: "finishRelease" },
        EXPIRED: "expired",
      },
    },
    expired: {
      entry: ["forgetValidity", "releaseRemains", "lose"],
      on: { ACQUIRE: acquire },
    },
  } as const;
}

/**
 * The state machine of one lock. One actor serves one handle for as long as the program keeps the handle, so there is no
 * final state.
 */
export const lockMachine = createMachine({
  id: "lock",
  context,
  initial: "idle",
  states: lockStates("lock"),
});

export type LockMachineActor = ActorRefFrom<typeof lockMachine>;
