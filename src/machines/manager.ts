import { setup } from "xstate";

/**
 * The state machine of the manager. The manager creates locks while open, releases all of them while closing, and stays
 * closed.
 */
export const managerMachine = setup({
  types: {} as { events: { type: "CLOSE" } | { type: "CLOSED" } },
}).createMachine({
  id: "manager",
  initial: "open",
  states: {
    open: { on: { CLOSE: "closing" } },
    closing: { on: { CLOSED: "closed" } },
    closed: {},
  },
});
