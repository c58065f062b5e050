import { getSimplePaths } from "xstate/graph";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import { sharedMachine } from "../../../src/machines/shared.js";
import { sharedTable } from "../../../src/machines/tables.js";
import { lockEvents } from "../lock-paths.js";
import { alongLock } from "./along-lock.js";
import { acceptedEvents, SharedModel } from "./shared-model.js";
import type { Walk } from "./walk.js";

const votes = [] as const;
const several: readonly string[] = ["ACQUIRE", "DENIED", "NO_QUORUM"];
/** One event of each type that a lock has, all of those that a guard tells apart, and those of an upgrade. */
const sharedEvents: readonly LockMachineEvent[] = [
  ...lockEvents.filter(
    ({ type }, at) => several.includes(type) || lockEvents.findIndex((one) => one.type === type) === at,
  ),
  { type: "UPGRADE" },
  { type: "BLOCKED", votes },
  { type: "UPGRADED", validUntil: 3_000, votes },
  { type: "UPGRADE_FAILED", error: "enough" },
];

/** Every path without a repeated state, extended by each event. */
const sharedPaths = getSimplePaths(sharedMachine, {
  input: { resources: ["a"] },
  events: sharedEvents,
  // The context counts attempts without a bound, so states are compared by their value only.
  serializeState: ({ value }: { value: unknown }) => JSON.stringify(value),
})
  .map(({ steps }) => steps.slice(1).map(({ event }) => event))
  .flatMap((path) => sharedEvents.map((last) => [...path, last]));

export const sharedWalk: Walk = {
  machine: sharedMachine,
  paths: sharedPaths,
  along(path) {
    const model = new SharedModel();
    const port = { acquisition: model, heldLease: model, pendingUpgrade: model };
    return alongLock(sharedTable(), model, port, acceptedEvents, path);
  },
};
