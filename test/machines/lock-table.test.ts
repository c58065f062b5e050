import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AnyTransitionDefinition } from "xstate";
import { TableActor } from "../../src/machines/compiled/table-actor.js";
import { lockMachine } from "../../src/machines/lock.js";
import type { LockMachineEvent } from "../../src/machines/lock-events.js";
import { lockPorts } from "../../src/machines/lock-port.js";
import { breadth } from "../support/breadth.js";
import { type ChartRun, type PortReaction, runActor, runTable, snapshotOf } from "./actor-and-table.js";
import { transitionsOf } from "./inspected.js";
import { lockEvents as events, lockPaths as paths } from "./lock-paths.js";

function walk(run: ChartRun, path: readonly LockMachineEvent[]): unknown[] {
  for (const event of path) run.send(event);
  return run.seen;
}

/** Tests load XState's development build, which warns about events that a stopped actor receives. */
beforeAll(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

describe("the lock's table", () => {
  it("performs on every path the same actions as the chart, in the same order", () => {
    const takenTransitions = new Set<AnyTransitionDefinition>();
    for (const path of paths)
      expect(walk(runTable(), path)).toEqual(walk(runActor([], takenTransitions), path));
    expect(paths.length).toBe(301 * 42);
    expect(transitionsOf(lockMachine.root).filter((one) => !takenTransitions.has(one))).toEqual([]);
  }, 120_000);

  it("converts to an actor at any point of any path, and continues as if it had always been an actor", () => {
    const first = events.filter(({ type }, at) => events.findIndex((event) => event.type === type) === at);
    const converted = paths.filter((path) => first.includes(path.at(-1)!));
    for (const path of converted.filter((_, at) => at % breadth(5, 1) === 0)) {
      const expected = walk(runActor(), path);
      for (const turn of path.keys()) {
        const run = runTable();
        walk(run, path.slice(0, turn));
        const before = run.seen.length;
        const actor = run.actor.toActor();
        expect(run.seen.length, "nothing is entered again").toBe(before);
        expect(walk(run, path.slice(turn))).toEqual(expected);
        expect(snapshotOf(actor)).toEqual(expected.at(-1));
      }
    }
  }, 120_000);

  // Each event type has the same probability, however many payloads it has.
  const anyEvent = fc
    .constantFrom(...new Set(events.map(({ type }) => type)))
    .chain((wanted) => fc.constantFrom(...events.filter(({ type }) => type === wanted)));
  /** The last snapshot that a subscriber of each converted actor received. */
  const watched = new Map<ChartRun["actor"], unknown>();
  const convert: PortReaction = ({ actor }) => {
    if (!(actor instanceof TableActor) || watched.has(actor)) return;
    watched.set(actor, null);
    actor.toActor().subscribe(({ value, context }) => watched.set(actor, { value, context }));
  };
  const stop: PortReaction = ({ actor }) => void actor.stop();
  const sends = anyEvent.map(
    (event): PortReaction =>
      ({ actor }) =>
        actor.send(event),
  );

  it.each([
    ["with events that its actions send", fc.constant([]), 2_000, 0],
    ["when it converts to an actor in the middle of a transition", fc.constant([convert]), 4_000, 250],
    [
      "when it is stopped in the middle of a transition",
      fc.constantFrom([stop], [convert, stop], [stop, convert]),
      4_000,
      150,
    ],
  ] as const)("behaves like the chart %s", (_, special, numRuns, conversions) => {
    watched.clear();
    const rarely = fc.oneof(
      { weight: 6, arbitrary: fc.array(sends, { maxLength: 2 }) },
      { weight: 1, arbitrary: special },
    );
    const anyActs = fc.array(
      fc.tuple(rarely, rarely).map((some) => some.flat()),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 25 }), anyActs, (path, some) => {
        const reactions = some.map(
          (each): PortReaction =>
            (run) =>
              void each.map((act) => act(run)),
        );
        const run = runTable(reactions);
        expect(walk(run, path)).toEqual(walk(runActor(reactions), path));
        if (watched.has(run.actor)) expect(watched.get(run.actor)).toEqual(snapshotOf(run.actor));
      }),
      { numRuns },
    );
    expect(watched.size).toBeGreaterThanOrEqual(conversions);
  });

  it("has a port that is never serialised, before and after the conversion to an actor", () => {
    const run = runTable();
    walk(run, [events[0]!, { type: "GRANTED", validUntil: 1_000, votes: [] }]);
    const port = lockPorts.of(run.actor);
    const actor = run.actor.toActor();
    expect(port).toBeDefined();
    expect(lockPorts.of(actor)).toBe(port);
    expect(run.actor.toActor()).toBe(actor);
    const { context } = actor.getSnapshot();
    expect(JSON.parse(JSON.stringify(actor.getPersistedSnapshot()))).toMatchObject({
      value: "held",
      context,
    });
    expect(JSON.stringify([actor, actor.getPersistedSnapshot()])).not.toContain("port");
  });
});
