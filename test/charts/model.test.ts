import { describe, expect, it } from "vitest";
import { createMachine } from "xstate";
import { machines } from "../../src/charts/machines.js";
import { allStates, modelOf } from "../../src/charts/model.js";
import { describedBy } from "./support/described.js";

describe.each(Object.entries(machines))("the model of the %s", (name, machine) => {
  const model = modelOf(machine);
  const expected = describedBy(machine);

  it("has the machine's name", () => expect(model.name).toBe(name));

  it("has every state, in the machine's order", () => {
    expect([...allStates(model.states)].map(({ path }) => path)).toEqual(expected.states);
  });

  it("has every transition, with its guard, its actions and its target", () => {
    expect(model.transitions).toEqual(expected.transitions);
  });

  it("has every entry action", () => {
    const entries = [...allStates(model.states)].flatMap(({ path, entry }) =>
      entry.map((action) => [path, action]),
    );
    expect(entries).toEqual(expected.entries);
  });

  it("has the machine's initial state, and those of parent states", () => {
    expect(model.initial).toBe(machine.config.initial);
    for (const { path, initial, states } of allStates(model.states)) {
      if (states.length === 0) expect(initial).toBeNull();
      else expect(states.map((state) => state.path)).toContain(initial);
      expect(initial?.startsWith(`${path}.`) ?? true).toBe(true);
    }
  });
});

it("has exit actions, and guards and actions that are given as objects", () => {
  const machine = createMachine({
    id: "m",
    initial: "a",
    states: {
      a: {
        exit: ["x", { type: "y" }],
        on: { GO: { target: "b", guard: { type: "g" }, actions: { type: "z" } } },
      },
      b: {},
    },
  });
  const { states, transitions } = modelOf(machine);
  expect(states[0]?.exit).toEqual(["x", "y"]);
  expect(transitions).toEqual([
    { from: "a", to: "b", event: "GO", guard: "g", actions: ["z"], reenter: false },
  ]);
});

it.each([
  ["parallel states", { type: "parallel" as const, states: { a: {} } }, /type "parallel"/],
  ["a delay", { initial: "a", states: { a: { after: { 100: "a" } } } }, /"after"/],
  ["an eventless transition", { initial: "a", states: { a: { always: "b" }, b: {} } }, /"always"/],
  [
    "an action without a name",
    { initial: "a", states: { a: { entry: () => {} } } },
    /an action without a name/,
  ],
  ["no states", {}, /the type "atomic"|no states/],
])("is refused if the chart could not show it completely: %s", (_, config, why) => {
  expect(() => modelOf(createMachine({ id: "m", ...config }))).toThrow(why);
});
