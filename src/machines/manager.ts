import { type ActorRefFrom, setup } from "xstate";

/** The manager: hands out locks while open, gives everything back while closing, and is closed for good. */
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

export type ManagerActor = ActorRefFrom<typeof managerMachine>;
