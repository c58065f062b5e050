import { createMachine } from "xstate";

/** A machine with the kinds of transition that the real machines lack: to itself, to its parent, and into itself. */
export const everyKind = createMachine({
  id: "lock",
  initial: "a",
  states: {
    a: { on: { AGAIN: { target: "a", reenter: true }, GO: "b" } },
    b: {
      initial: "c",
      on: { INNER: ".d", SELF: { target: "b", reenter: true }, BACK: "a" },
      states: { c: { on: { NEXT: "d", UP: "#lock.b" } }, d: { on: { LOOP: "d" } } },
    },
  },
});
