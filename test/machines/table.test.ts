import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { assign, createActor, createMachine, emit, raise } from "xstate";
import { TableActor } from "../../src/machines/compiled/table-actor.js";
import { byTable, byXState, initialEvents, inspected } from "./inspected.js";
import { tableOf } from "./table-of.js";

type Config = Parameters<typeof createMachine>[0];
type Implementations = Parameters<typeof createMachine>[1];

const derive = (config: Config, implementations?: Implementations) => () =>
  tableOf(createMachine(config, implementations));

const one = (state: object): Config => ({ id: "toy", initial: "a", states: { a: state, b: {} } }) as Config;

describe("deriving a table", () => {
  it.each([
    [
      "parallel states",
      one({ type: "parallel", states: { c: {} } }),
      'state "toy.a" has the type "parallel"',
    ],
    ["history", one({ initial: "c", states: { c: {}, h: { type: "history" } } }), 'the type "history"'],
    ["final states", one({ type: "final" }), 'the type "final"'],
    ["a chart without states", { id: "toy" }, 'state "toy" has the type "atomic"'],
    ["always", one({ always: "b" }), '"always"'],
    ["after", one({ after: { 10: "b" } }), '"after"'],
    ["invoke", one({ invoke: { src: "c" } }), '"invoke"'],
    ["onDone", one({ initial: "c", states: { c: {} }, onDone: "b" }), '"onDone"'],
    ["routes", one({ id: "r", route: {} }), 'state "r" has "route"'],
    ["wildcards", one({ on: { "*": "b" } }), 'the wildcard event "*"'],
    ["partial wildcards", one({ on: { "c.*": "b" } }), 'the wildcard event "c.*"'],
    ["an action without a name", one({ entry: () => {} }), "an action that is not given by name alone"],
    [
      "an assign without a name",
      one({ on: { X: { actions: assign({}) } } }),
      "an action that is not given by name alone",
    ],
    [
      "an action with parameters",
      one({ exit: { type: "act", params: {} } }),
      "an action that is not given by name alone",
    ],
    [
      "an unnamed initial action",
      { ...one({}), initial: { target: "a", actions: () => {} } },
      "an action that is not given by name alone",
    ],
    ["an action that is missing", one({ entry: "none" }), 'an action "none" that is not implemented'],
    ["a raise", one({ on: { X: { actions: "raise" } } }), 'an action "raise" that is one of XState\'s own'],
    ["an emit", one({ exit: "emit" }), 'an action "emit" that is one of XState\'s own'],
    [
      "a guard without a name",
      one({ on: { X: { guard: () => true } } }),
      "a guard that is not given by name alone",
    ],
    [
      "a guard with parameters",
      one({ on: { X: { guard: { type: "may" } } } }),
      "a guard that is not given by name alone",
    ],
    [
      "a guard that is missing",
      one({ on: { X: { guard: "none" } } }),
      'a guard "none" that is not implemented',
    ],
    ["an effect before there is a port", one({ entry: "act" }), "an effect"],
  ] as const)("refuses %s", (_, config, message) => {
    const actions = { act: () => {}, raise: raise({ type: "X" }), emit: emit({ type: "X" }) };
    expect(derive(config as Config, { actions, guards: { may: () => true } })).toThrow(message);
  });
});

interface Toy {
  notes: string[];
  count: number;
}

/** A machine with every kind of transition that a table covers. Each state records its entry and its exit. */
function toyMachine(recorded: unknown[]) {
  const recordingActions = (name: string) => [
    [
      `in ${name}`,
      assign<Toy, never, undefined, never, never>(({ context }) => ({
        notes: [...context.notes, `in ${name}`],
      })),
    ],
    [
      `out ${name}`,
      assign<Toy, never, undefined, never, never>(({ context }) => ({
        notes: [...context.notes, `out ${name}`],
      })),
    ],
  ];
  const state = (name: string, rest: object = {}) => ({
    entry: [`in ${name}`],
    exit: ["tell", `out ${name}`, "tell"],
    ...rest,
  });
  const config = {
    id: "toy",
    context: { notes: [], count: 0 },
    ...state("root"),
    entry: "in root",
    initial: "a",
    on: {
      TOP: { actions: ["count", "tell"] },
      IN: ".b.c",
      DEEP: { target: "#deep", reenter: true, actions: "tell" },
      BARRED: ".a",
    },
    states: {
      a: state("a", {
        on: {
          NEXT: { target: "b", actions: ["tell", "count", "tell"] },
          SELF: "a",
          AGAIN: { target: "a", reenter: true },
        },
      }),
      b: state("b", {
        entry: ["in b", "tell"],
        initial: { target: "c", actions: ["count", "tell"] },
        on: {
          NEXT: "a",
          SELF: "b",
          AGAIN: { target: "b", reenter: true, actions: "tell" },
          INNER: { target: ".d", actions: "tell" },
          OUTER: { target: ".d", reenter: true },
          MAY: [
            { guard: "even", target: "a" },
            { guard: "third", target: ".d" },
          ],
        },
        states: {
          c: state("c", {
            on: {
              NEXT: "d",
              BARRED: undefined,
              MAY: { guard: "third", target: "d", actions: "count" },
              UP: { target: "#toy.b", actions: "tell" },
            },
          }),
          d: state("d", {
            initial: "e",
            states: {
              e: state("e", { on: { NEXT: { target: "#deep" } } }),
              f: state("f", { id: "deep", on: { MAY: { guard: "even", actions: "count" } } }),
            },
          }),
        },
      }),
    },
  };
  return createMachine(config as unknown as Config, {
    actions: {
      ...Object.fromEntries(["root", "a", "b", "c", "d", "e", "f"].flatMap(recordingActions)),
      count: assign({ count: ({ context }) => context.count + 1, last: "count" }),
      tell: ({ context, event }) => void recorded.push([event.type, context]),
    },
    guards: {
      even: ({ context }) => context.count % 2 === 0,
      third: ({ context }) => context.count % 3 === 0,
    },
  });
}

describe("a table", () => {
  const types = [
    "TOP",
    "IN",
    "DEEP",
    "BARRED",
    "NEXT",
    "SELF",
    "AGAIN",
    "INNER",
    "OUTER",
    "MAY",
    "UP",
    "UNKNOWN",
  ];

  it("exits, enters and acts in the same order as XState, with the same context", () => {
    const [recordedByActor, recordedByTable] = [[], []];
    const [machine, derived] = [toyMachine(recordedByActor), tableOf(toyMachine(recordedByTable))];
    const visited = new Set<string>();
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...types), { maxLength: 15 }), (path) => {
        for (const recorded of [recordedByActor, recordedByTable]) recorded.length = 0;
        const actor = createActor(machine).start();
        const table = new TableActor(derived, undefined);
        for (const type of path) {
          visited.add(`${JSON.stringify(table.value)} ${type}`);
          actor.send({ type });
          table.send({ type });
          const { value, context } = actor.getSnapshot();
          expect(table).toMatchObject({ value, context });
        }
        expect(recordedByTable).toEqual(recordedByActor);
      }),
      { numRuns: 1_000 },
    );
    // Four states have no substates.
    expect(visited.size).toBe(4 * types.length);
  });

  it("gives inspectors and subscribers of its actor what XState's actor gives", () => {
    const [machine, other] = [toyMachine([]), toyMachine([])];
    const derived = tableOf(other);
    const subscribeAt = fc.option(fc.integer({ min: initialEvents, max: 60 }));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...types), { maxLength: 15 }), subscribeAt, (path, at) => {
        const events = path.map((type) => ({ type }));
        expect(inspected(other, byTable(derived), events, at)).toEqual(
          inspected(machine, byXState(machine), events, at),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("freezes the value of each state, and names its top-level state", () => {
    const table = new TableActor(tableOf(toyMachine([])), undefined);
    table.send({ type: "DEEP" });
    expect(table.value).toEqual({ b: { d: "f" } });
    expect(table.state).toBe("b");
    expect(Object.isFrozen(table.value) && Object.isFrozen((table.value as { b: object }).b)).toBe(true);
    table.toActor();
    expect(table.state).toBe("b");
  });

  it("stops and leaves the error uncaught when an action throws, like XState", () => {
    vi.useFakeTimers();
    // Tests load XState's development build, which warns about events that a stopped actor receives.
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const failing = createMachine(
      { id: "toy", initial: "a", states: { a: { on: { X: { target: "b", actions: "fail" } } }, b: {} } },
      {
        actions: {
          fail: () => {
            throw new Error("failed");
          },
        },
      },
    );
    const actor = createActor(failing).start();
    const table = new TableActor(tableOf(failing), undefined);
    for (const each of [actor, table]) {
      each.send({ type: "X" });
      expect(() => vi.runAllTimers()).toThrow("failed");
      each.send({ type: "X" });
      expect(vi.getTimerCount()).toBe(0);
    }
    expect([table.value, table.toActor().getSnapshot().status]).toEqual(["a", "stopped"]);
    vi.useRealTimers();
    warn.mockRestore();
  });
});
