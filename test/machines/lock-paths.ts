import { getSimplePaths } from "xstate/graph";
import { lockMachine } from "../../src/machines/lock.js";
import type { LockMachineEvent } from "../../src/machines/lock-events.js";

const votes = [] as const;
const refusals = (["DENIED", "NO_QUORUM", "TOO_SLOW"] as const).flatMap((type) =>
  (["contended", "noQuorum", "tooSlow"] as const).flatMap((reason) =>
    [null, 50].map((retryIn) => ({ type, reason, votes, retryIn })),
  ),
);
const losses = (["LOST", "EXPIRED"] as const).flatMap((type) =>
  (["deadline", "taken", "missing", "maxHold", "dropped", "stalled"] as const).map((reason) => ({
    type,
    reason,
    validUntil: 1_000,
  })),
);
/** Each event with every relevant payload. */
export const lockEvents: readonly LockMachineEvent[] = [
  { type: "ACQUIRE", acquisition: "1", queued: false },
  { type: "ACQUIRE", acquisition: "2", queued: true },
  { type: "NEXT" },
  { type: "GRANTED", validUntil: 1_000, votes },
  ...refusals,
  { type: "RETRY" },
  { type: "ABORT", error: "enough" },
  { type: "TIMED_OUT" },
  { type: "REFUSED", error: "one server" },
  { type: "RENEW" },
  { type: "RENEWED", validUntil: 2_000, votes },
  ...losses,
  { type: "RELEASE" },
  { type: "RELEASED", votes },
  { type: "HAND_OVER" },
];

// The context counts attempts without a bound, so states are compared by their value only.
const options = {
  input: { resources: ["a"] },
  events: lockEvents,
  serializeState: ({ value }: { value: unknown }) => JSON.stringify(value),
};
/** Every path without a repeated state, extended by each event. XState's initial step is left out. */
export const lockPaths = getSimplePaths(lockMachine, options)
  .map(({ steps }) => steps.slice(1).map(({ event }) => event))
  .flatMap((path) => lockEvents.map((last) => [...path, last]));
