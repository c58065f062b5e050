import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame, LockView } from "../../src/inspector/frames.js";
import { World } from "../../src/inspector/world.js";
import { cpuTime } from "../support/cpu-time.js";
import { beat, lockView, noon, step } from "./frames-of-all-kinds.js";

const head = (source = "a", seq = 2) => ({ source, seq, time: noon });
const locks = (...views: LockView[]): Frame => ({ ...head(views[0]?.source), kind: "locks", locks: views });

/** Frames of a few processes that may speak of each other's locks. */
const source = fc.constantFrom("a", "b", "c", "d");
const view = fc
  .record({ source, number: fc.nat(12), state: fc.constantFrom("held", "idle") })
  .map(({ source, number, state }) => lockView({ id: `${source}/${number}`, source, state }));
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  source.map((name) => beat({ source: name })),
  fc
    .tuple(source, fc.array(view))
    .map(([name, views]) => ({ ...head(name), kind: "locks" as const, locks: views })),
  fc.tuple(source, fc.array(view)).map(([name, views]) => ({
    ...head(name),
    kind: "steps" as const,
    steps: views.map((lock) => step({ lock })),
  })),
  fc.tuple(source, fc.array(view)).map(([name, views]) => ({
    ...head(name),
    kind: "gone" as const,
    locks: views.map(({ id }) => id),
  })),
  source.map((name) => ({ ...head(name), kind: "bye" as const })),
);

/** All that can be asked of it. */
const told = (world: World) => [world.snapshot(), [...world.locks.keys()].map((id) => world.history(id))];

describe("a world", () => {
  it("adds up what processes tell", () => {
    const world = new World();
    world.apply(beat(), noon);
    expect(world.apply(locks(lockView(), lockView({ id: "a-2" })), noon)).toEqual(["a-1", "a-2"]);
    const released = step({ event: "RELEASE", lock: lockView({ state: "releasing" }) });
    expect(world.apply({ ...head(), kind: "steps", steps: [released] }, noon + 5)).toEqual(["a-1"]);
    expect(world.locks.get("a-1")?.state).toBe("releasing");
    expect(world.history("a-1")).toEqual([released]);
    expect(world.sources.get("a")).toMatchObject({ heard: noon + 5, lag: 0, closed: false });
    expect(world.apply({ ...head(), kind: "gone", locks: ["a-2", "nobody"] }, noon)).toEqual(["a-2"]);
    expect(world.apply({ ...head(), kind: "bye" }, noon)).toEqual(["a-1"]);
    expect(world.sources.get("a")?.closed).toBe(true);
    expect(world.history("a-1")).toEqual([]);
  });

  it("hears a process from its first beat to its end", () => {
    const world = new World();
    expect(world.apply(locks(lockView()), noon)).toEqual([]);
    world.apply(beat(), noon);
    world.apply({ ...head(), kind: "bye" }, noon);
    expect(world.apply(locks(lockView()), noon)).toEqual([]);
    expect([world.locks.size, world.sources.get("a")?.closed]).toEqual([0, true]);
  });

  it("lets no process speak of another one's locks", () => {
    const world = new World();
    for (const name of ["a", "b"]) world.apply(beat({ source: name }), noon);
    world.apply(locks(lockView()), noon);
    const forged = lockView({ state: "idle" });
    for (const frame of [
      { ...head("b"), kind: "locks", locks: [forged, lockView({ state: "idle", source: "b" })] },
      { ...head("b"), kind: "steps", steps: [step({ lock: forged })] },
      { ...head("b"), kind: "gone", locks: ["a-1"] },
    ] satisfies Frame[]) {
      expect(world.apply(frame, noon)).toEqual([]);
    }
    expect(world.locks.get("a-1")).toEqual(lockView());
  });

  it("forgets processes that were not heard of, with their locks", () => {
    const world = new World();
    world.apply(beat(), noon);
    world.apply(locks(lockView()), noon);
    world.apply(beat({ source: "b" }), noon + 100);
    expect(world.forget(noon)).toEqual([]);
    expect(world.forget(noon + 50)).toEqual(["a-1"]);
    expect([...world.sources.keys()]).toEqual(["b"]);
  });

  it("never holds more than its bounds, whatever it is told", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 60 }), (frames) => {
        const world = new World({ sources: 3, locks: 10, steps: 20, stepsOfLock: 4 });
        for (const frame of frames) world.apply(frame, noon);
        const histories = [...world.locks.keys()].map((id) => world.history(id).length);
        expect(world.sources.size).toBeLessThanOrEqual(3);
        expect(world.locks.size).toBeLessThanOrEqual(10);
        expect(Math.max(0, ...histories)).toBeLessThanOrEqual(4);
        expect(histories.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(20);
        for (const lock of world.locks.values()) expect(world.sources.has(lock.source)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("is the same world again, by its snapshot", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 40 }), (frames) => {
        const [world, copy] = [new World(), new World()];
        for (const frame of frames) world.apply(frame, noon);
        for (const frame of world.snapshot()) copy.apply(frame, noon);
        expect(new Map(copy.locks)).toEqual(world.locks);
        expect(copy.sources).toEqual(world.sources);
        expect(copy.snapshot()).toEqual(world.snapshot());
      }),
      { numRuns: 300 },
    );
  });

  it("goes its own way after it was copied, the same way if it is told the same", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 30 }),
        fc.array(anyFrame, { maxLength: 30 }),
        (before, after) => {
          const world = new World({ sources: 3, locks: 10, steps: 20, stepsOfLock: 4 });
          for (const frame of before) world.apply(frame, noon);
          const copies = [world.copy(), world.copy()] as const;
          for (const frame of after) world.apply(frame, noon);
          for (const frame of after) copies[0].apply(frame, noon);
          expect(told(copies[0])).toEqual(told(world));
          const then = new World({ sources: 3, locks: 10, steps: 20, stepsOfLock: 4 });
          for (const frame of before) then.apply(frame, noon);
          expect(told(copies[1])).toEqual(told(then));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("lets another one know how far a process's clock is off, however long ago that spoke", () => {
    const [world, copy] = [new World(), new World()];
    // Its clock is 3 s behind, and it fell silent a minute ago.
    world.apply(beat({ time: noon - 3_000 }), noon);
    for (const frame of world.snapshot(noon + 60_000)) copy.apply(frame, noon + 60_000);
    expect(copy.sources.get("a")?.lag).toBe(3_000);
  });

  it("remembers the last steps of a lock, however many more it had before", () => {
    const world = new World({ steps: 100, stepsOfLock: 10 });
    world.apply(beat(), noon);
    const tell = (id: string, count: number) => {
      const steps = Array.from({ length: count }, (_, at) =>
        step({ time: noon + at, lock: lockView({ id }) }),
      );
      world.apply({ ...head(), kind: "steps", steps }, noon);
    };
    tell("busy", 100);
    tell("other", 50);
    expect(world.history("busy").map(({ time }) => time - noon)).toEqual([
      90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
    ]);
    // One that comes again has its own steps.
    world.apply({ ...head(), kind: "gone", locks: ["busy"] }, noon);
    tell("busy", 5);
    tell("other", 90);
    expect(world.history("busy")).toHaveLength(5);
    tell("other", 10);
    expect(world.history("busy")).toHaveLength(0);
  });

  it("is told, and forgotten, in no time, also of very many processes", () => {
    const world = new World();
    const telling = cpuTime(() => {
      for (let process = 0; process < 1_000; process++) {
        const source = `p${process}`;
        world.apply(beat({ source }), noon);
        const views = Array.from({ length: 20 }, (_, lock) => lockView({ id: `${source}/${lock}`, source }));
        world.apply(locks(...views), noon);
      }
    });
    const ms = cpuTime(() => {
      expect(world.snapshot()).toHaveLength(2_000);
      expect(world.forget(noon + 1)).toHaveLength(20_000);
    });
    // With a look at all locks for each process it takes seconds.
    expect(ms).toBeLessThan(5 * telling);
  });

  it("holds no more than so many characters, however much each lock is", () => {
    const world = new World({ weight: 100_000 });
    world.apply(beat(), noon);
    const votes = Array.from({ length: 9 }, () => ({ node: "n".repeat(1_000), kind: "granted" as const }));
    const view = (at: number) =>
      lockView({ id: `heavy-${at}`, round: { asked: "acquire", time: noon, votes } });
    for (let at = 0; at < 1_000; at++) {
      world.apply({ ...head(), kind: "steps", steps: [step({ lock: view(at) })] }, noon);
      expect(JSON.stringify(world.snapshot()).length).toBeLessThan(120_000);
    }
    expect([...world.locks.keys()]).toEqual([...Array(9).keys()].map((at) => `heavy-${991 + at}`));
    expect(world.history("heavy-999")).toHaveLength(1);
    for (const id of [...world.locks.keys()]) world.apply({ ...head(), kind: "gone", locks: [id] }, noon);
    for (let at = 0; at < 100; at++) world.apply(locks(lockView({ id: `light-${at}` })), noon);
    expect(world.locks.size).toBe(100);
  });
});
