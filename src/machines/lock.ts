import { type ActorRefFrom, assign, setup } from "xstate";
import { type Table, tableOf } from "./compiled/table.js";
import type { LockContext } from "./lock-context.js";
import type { LockMachineEvent } from "./lock-events.js";
import { lockPorts } from "./lock-port.js";

const { createMachine } = setup({
  types: {} as {
    context: LockContext;
    events: LockMachineEvent;
    input: { resources: readonly string[] };
  },
  guards: {
    isQueued: ({ event }) => event.type === "ACQUIRE" && event.queued,
    mayRetry: ({ event }) => "retryIn" in event && event.retryIn !== null,
  },
  actions: {
    openAcquisition: assign(({ event }) =>
      event.type === "ACQUIRE" ? { acquisition: event.acquisition, attempt: 0, reason: null } : {},
    ),
    countAttempt: assign(({ context }) => ({ attempt: context.attempt + 1 })),
    noteReason: assign(({ event }) => ("retryIn" in event ? { reason: event.reason } : {})),
    noteValidity: assign(({ event }) =>
      "validUntil" in event ? { validUntil: event.validUntil, reason: null } : {},
    ),
    forgetValidity: assign(() => ({ validUntil: null })),
    armWait: ({ self }) => lockPorts.of(self)?.acquisition?.armWait(),
    askForGrant: ({ self, context }) => lockPorts.of(self)?.acquisition?.askForGrant(context.attempt),
    scheduleRetry: ({ self, event, context }) => {
      if ("retryIn" in event) lockPorts.of(self)?.acquisition?.scheduleRetry(event, context.attempt);
    },
    abandonAttempt: ({ self }) => lockPorts.of(self)?.acquisition?.abandonAttempt(),
    fail: ({ self, event }) => {
      if (
        "retryIn" in event ||
        event.type === "ABORT" ||
        event.type === "TIMED_OUT" ||
        event.type === "REFUSED"
      ) {
        lockPorts.of(self)?.acquisition?.fail(event);
      }
    },
    begin: ({ self, event }) => {
      if (event.type === "GRANTED") lockPorts.of(self)?.acquisition?.begin(event);
    },
    armTimer: ({ self }) => lockPorts.of(self)?.heldLease?.armTimer(),
    askForRenewal: ({ self }) => lockPorts.of(self)?.heldLease?.askForRenewal(),
    prolong: ({ self, event }) => {
      if (event.type === "RENEWED") lockPorts.of(self)?.heldLease?.prolong(event);
    },
    reportQuorumLost: ({ self, event }) => {
      if ("retryIn" in event) lockPorts.of(self)?.heldLease?.reportQuorumLost(event);
    },
    askForRelease: ({ self }) => lockPorts.of(self)?.heldLease?.askForRelease(),
    finishRelease: ({ self, event }) => {
      if (event.type === "RELEASED") lockPorts.of(self)?.heldLease?.finishRelease(event);
    },
    releaseRemains: ({ self }) => lockPorts.of(self)?.heldLease?.releaseRemains(),
    lose: ({ self, event }) => {
      if (event.type === "LOST" || event.type === "EXPIRED") lockPorts.of(self)?.heldLease?.lose(event);
    },
    endWithoutRelease: ({ self }) => lockPorts.of(self)?.heldLease?.endWithoutRelease(),
  },
});

/** Starts an acquisition, or queues it if other callers of this process come first. */
const acquire = [
  { guard: "isQueued" as const, target: "#lock.acquiring.queued", actions: "openAcquisition" as const },
  { target: "acquiring", actions: "openAcquisition" as const },
];

/**
 * A failed attempt: retried after a delay, while the retry policy allows it. Keys that it may have been granted are
 * released either way.
 */
const again = [
  {
    guard: "mayRetry" as const,
    target: "waiting",
    actions: ["noteReason" as const, "abandonAttempt" as const],
  },
  { target: "#lock.idle", actions: ["noteReason" as const, "abandonAttempt" as const, "fail" as const] },
];

/**
 * A renewal without a quorum: the lease is still valid, so the renewal is retried until the deadline, if the lease is
 * renewed at all.
 */
const lostQuorum = [
  {
    guard: "mayRetry" as const,
    target: "retrying",
    actions: ["noteReason" as const, "reportQuorumLost" as const],
  },
  { target: "#lock.held", actions: ["noteReason" as const, "reportQuorumLost" as const] },
];

/**
 * The state machine of one lock. One actor serves one handle for as long as the program keeps the handle, so there is no
 * final state.
 */
export const lockMachine = createMachine({
  id: "lock",
  context: ({ input }) => ({
    resources: input.resources,
    acquisition: null,
    attempt: 0,
    reason: null,
    validUntil: null,
  }),
  initial: "idle",
  states: {
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
            GRANTED: { target: "#lock.held", actions: ["noteValidity", "begin"] },
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
            RENEWED: { target: "#lock.held", actions: ["noteValidity", "prolong"] },
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
  },
});

export type LockMachineActor = ActorRefFrom<typeof lockMachine>;

let table: Table<typeof lockMachine> | null = null;

/** The table of the lock state machine, derived when the first lock is created. */
export function lockTable(): Table<typeof lockMachine> {
  table ??= tableOf(lockMachine);
  return table;
}
