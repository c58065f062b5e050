import { createMachine } from "xstate";

/** Has the kinds of transition that none of the real machines has: those to oneself, to one's parent, into oneself. */
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
