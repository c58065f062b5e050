import type { LockContext } from "./lock-context.js";
import type { LockMachineEvent } from "./lock-events.js";
import { lockPorts } from "./lock-port.js";

export interface GuardArgs {
  readonly context: LockContext;
  readonly event: LockMachineEvent;
}

export interface Args extends GuardArgs {
  readonly self: object;
}

/** What the guards and actions of the lock's chart do. They do not need XState. */
export const lockActions = {
  context: ({ input }: { input: { resources: readonly string[] } }): LockContext => ({
    resources: input.resources,
    acquisition: null,
    attempt: 0,
    reason: null,
    validUntil: null,
  }),
  guards: {
    isQueued: ({ event }: GuardArgs) => event.type === "ACQUIRE" && event.queued,
    mayRetry: ({ event }: GuardArgs) => "retryIn" in event && event.retryIn !== null,
  },
  /** Return the properties of the context that change. */
  updates: {
    openAcquisition: ({ event }: Args): Partial<LockContext> =>
      event.type === "ACQUIRE" ? { acquisition: event.acquisition, attempt: 0, reason: null } : {},
    countAttempt: ({ context }: Args): Partial<LockContext> => ({ attempt: context.attempt + 1 }),
    noteReason: ({ event }: Args): Partial<LockContext> =>
      "retryIn" in event ? { reason: event.reason } : {},
    noteValidity: ({ event }: Args): Partial<LockContext> =>
      "validUntil" in event ? { validUntil: event.validUntil, reason: null } : {},
    forgetValidity: (): Partial<LockContext> => ({ validUntil: null }),
  },
  /** Call the lock's port. */
  effects: {
    armWait: ({ self }: Args) => lockPorts.of(self)?.acquisition?.armWait(),
    askForGrant: ({ self, context }: Args) => lockPorts.of(self)?.acquisition?.askForGrant(context.attempt),
    scheduleRetry: ({ self, event, context }: Args) => {
      if ("retryIn" in event) lockPorts.of(self)?.acquisition?.scheduleRetry(event, context.attempt);
    },
    abandonAttempt: ({ self }: Args) => lockPorts.of(self)?.acquisition?.abandonAttempt(),
    fail: ({ self, event }: Args) => {
      if (
        "retryIn" in event ||
        event.type === "ABORT" ||
        event.type === "TIMED_OUT" ||
        event.type === "REFUSED"
      ) {
        lockPorts.of(self)?.acquisition?.fail(event);
      }
    },
    begin: ({ self, event }: Args) => {
      if (event.type === "GRANTED") lockPorts.of(self)?.acquisition?.begin(event);
    },
    armTimer: ({ self }: Args) => lockPorts.of(self)?.heldLease?.armTimer(),
    askForRenewal: ({ self }: Args) => lockPorts.of(self)?.heldLease?.askForRenewal(),
    prolong: ({ self, event }: Args) => {
      if (event.type === "RENEWED") lockPorts.of(self)?.heldLease?.prolong(event);
    },
    reportQuorumLost: ({ self, event }: Args) => {
      if ("retryIn" in event) lockPorts.of(self)?.heldLease?.reportQuorumLost(event);
    },
    askForRelease: ({ self }: Args) => lockPorts.of(self)?.heldLease?.askForRelease(),
    finishRelease: ({ self, event }: Args) => {
      if (event.type === "RELEASED") lockPorts.of(self)?.heldLease?.finishRelease(event);
    },
    releaseRemains: ({ self }: Args) => lockPorts.of(self)?.heldLease?.releaseRemains(),
    lose: ({ self, event }: Args) => {
      if (event.type === "LOST" || event.type === "EXPIRED") lockPorts.of(self)?.heldLease?.lose(event);
    },
    endWithoutRelease: ({ self }: Args) => lockPorts.of(self)?.heldLease?.endWithoutRelease(),
  },
};
