import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AnyStateNode, AnyTransitionDefinition } from "xstate";
import { TableActor } from "../../src/machines/compiled/table-actor.js";
import { lockMachine } from "../../src/machines/lock.js";
import type { LockMachineEvent } from "../../src/machines/lock-events.js";
import { lockPorts } from "../../src/machines/lock-port.js";
import { type Act, byActor, byTable, type Lived, look } from "./actor-and-table.js";
import { lockEvents as events, lockPaths as paths } from "./lock-paths.js";

const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...Object.values<AnyStateNode>(node.states).flatMap(transitionsOf),
];

function walk(lived: Lived, path: readonly LockMachineEvent[]): unknown[] {
  for (const event of path) lived.send(event);
  return lived.seen;
}

/** XState's development build, which tests load, warns of events that come after the end. */
beforeAll(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

describe("the lock's table", () => {
  it("does on every path through the chart what the chart does, in the same order", () => {
    const taken = new Set<AnyTransitionDefinition>();
    for (const path of paths) expect(walk(byTable(), path)).toEqual(walk(byActor([], taken), path));
    expect(paths.length).toBe(252 * 41);
    expect(transitionsOf(lockMachine.root).filter((one) => !taken.has(one))).toEqual([]);
  }, 120_000);

  it("becomes an actor at any moment of any path, and goes on as if it had always been one", () => {
    const first = events.filter(({ type }, at) => events.findIndex((event) => event.type === type) === at);
    for (const path of paths.filter((path) => first.includes(path.at(-1)!))) {
      const expected = walk(byActor(), path);
      for (const turn of path.keys()) {
        const lived = byTable();
        walk(lived, path.slice(0, turn));
        const before = lived.seen.length;
        const actor = lived.actor.toActor();
        expect(lived.seen.length, "nothing is entered again").toBe(before);
        expect(walk(lived, path.slice(turn))).toEqual(expected);
        expect(look(actor)).toEqual(expected.at(-1));
      }
    }
  }, 120_000);

  // Each type as often as any other, however many payloads it has.
  const anyEvent = fc
    .constantFrom(...new Set(events.map(({ type }) => type)))
    .chain((wanted) => fc.constantFrom(...events.filter(({ type }) => type === wanted)));
  /** What a watcher of the actor then saw last. */
  const watched = new Map<Lived["actor"], unknown>();
  const become: Act = ({ actor }) => {
    if (!(actor instanceof TableActor) || watched.has(actor)) return;
    watched.set(actor, null);
    actor.toActor().subscribe(({ value, context }) => watched.set(actor, { value, context }));
  };
  const stop: Act = ({ actor }) => void actor.stop();
  const sends = anyEvent.map(
    (event): Act =>
      ({ actor }) =>
        actor.send(event),
  );

  it.each([
    ["with events that its actions send", fc.constant([]), 2_000, 0],
    ["when it becomes an actor in the middle of a transition", fc.constant([become]), 4_000, 250],
    [
      "when it is stopped in the middle of a transition",
      fc.constantFrom([stop], [become, stop], [stop, become]),
      4_000,
      150,
    ],
  ] as const)("does what the chart does %s", (_, special, numRuns, switches) => {
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
        const acts = some.map(
          (each): Act =>
            (lived) =>
              void each.map((act) => act(lived)),
        );
        const lived = byTable(acts);
        expect(walk(lived, path)).toEqual(walk(byActor(acts), path));
        if (watched.has(lived.actor)) expect(watched.get(lived.actor)).toEqual(look(lived.actor));
      }),
      { numRuns },
    );
    expect(watched.size).toBeGreaterThanOrEqual(switches);
  });

  it("has a port that no serialisation shows, before and after it became an actor", () => {
    const lived = byTable();
    walk(lived, [events[0]!, { type: "GRANTED", validUntil: 1_000, votes: [] }]);
    const port = lockPorts.of(lived.actor);
    const actor = lived.actor.toActor();
    expect(port).toBeDefined();
    expect(lockPorts.of(actor)).toBe(port);
    expect(lived.actor.toActor()).toBe(actor);
    const { context } = actor.getSnapshot();
    expect(JSON.parse(JSON.stringify(actor.getPersistedSnapshot()))).toMatchObject({
      value: "held",
      context,
    });
    expect(JSON.stringify([actor, actor.getPersistedSnapshot()])).not.toContain("port");
  });
});
