import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameAggregate } from "../../src/inspector/feed/frame-aggregate.js";
import type { Frame, LockView } from "../../src/inspector/feed/frames.js";
import { isSilent } from "../../src/inspector/feed/silence.js";
import { cpuTime } from "../support/cpu-time.js";
import { beat, lockView, noon, step } from "./frames-of-all-kinds.js";

const head = (source = "a", seq = 2) => ({ source, seq, time: noon });
const locks = (...views: LockView[]): Frame => ({ ...head(views[0]?.source), kind: "locks", locks: views });

/** Frames of a few processes that may contain each other's locks. */
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

/** The complete visible state of an aggregate. */
const contentOf = (aggregate: FrameAggregate) => [
  aggregate.snapshot(),
  [...aggregate.locks.keys()].map((id) => aggregate.history(id)),
];

describe("a frame aggregate", () => {
  it("combines the frames of processes", () => {
    const aggregate = new FrameAggregate();
    aggregate.apply(beat(), noon);
    expect(aggregate.apply(locks(lockView(), lockView({ id: "a-2" })), noon)).toEqual(["a-1", "a-2"]);
    const released = step({ event: "RELEASE", lock: lockView({ state: "releasing" }) });
    expect(aggregate.apply({ ...head(), kind: "steps", steps: [released] }, noon + 5)).toEqual(["a-1"]);
    expect(aggregate.locks.get("a-1")?.state).toBe("releasing");
    expect(aggregate.history("a-1")).toEqual([released]);
    expect(aggregate.sources.get("a")).toMatchObject({ receivedAt: noon, lag: 0, closed: false });
    expect(aggregate.apply({ ...head(), kind: "gone", locks: ["a-2", "nobody"] }, noon)).toEqual(["a-2"]);
    expect(aggregate.apply({ ...head(), kind: "bye" }, noon)).toEqual(["a-1"]);
    expect(aggregate.sources.get("a")?.closed).toBe(true);
    expect(aggregate.history("a-1")).toEqual([]);
  });

  it("accepts the frames of a process from its first beat to its end", () => {
    const aggregate = new FrameAggregate();
    expect(aggregate.apply(locks(lockView()), noon)).toEqual([]);
    aggregate.apply(beat(), noon);
    aggregate.apply({ ...head(), kind: "bye" }, noon);
    expect(aggregate.apply(locks(lockView()), noon)).toEqual([]);
    expect([aggregate.locks.size, aggregate.sources.get("a")?.closed]).toEqual([0, true]);
  });

  it("knows up to when everything has arrived: until the beat before the last one", () => {
    const aggregate = new FrameAggregate();
    const completeUntil = () => aggregate.sources.get("a")?.completeUntil;
    aggregate.apply(beat(), noon);
    aggregate.apply(locks(lockView()), noon + 10);
    expect(completeUntil()).toBe(Number.NEGATIVE_INFINITY);
    aggregate.apply(beat({ time: noon + 1_000 }), noon + 1_000);
    expect(completeUntil()).toBe(noon);
    aggregate.apply({ ...head(), kind: "gone", locks: ["a-1"] }, noon + 1_100);
    expect(completeUntil()).toBe(noon);
    aggregate.apply(beat({ time: noon + 2_000 }), noon + 2_000);
    expect(completeUntil()).toBe(noon + 1_000);
  });

  it("lets no process change another process's locks", () => {
    const aggregate = new FrameAggregate();
    for (const name of ["a", "b"]) aggregate.apply(beat({ source: name }), noon);
    aggregate.apply(locks(lockView()), noon);
    const forged = lockView({ state: "idle" });
    for (const frame of [
      { ...head("b"), kind: "locks", locks: [forged, lockView({ state: "idle", source: "b" })] },
      { ...head("b"), kind: "steps", steps: [step({ lock: forged })] },
      { ...head("b"), kind: "gone", locks: ["a-1"] },
    ] satisfies Frame[]) {
      expect(aggregate.apply(frame, noon)).toEqual([]);
    }
    expect(aggregate.locks.get("a-1")).toEqual(lockView());
  });

  it("removes silent processes, with their locks", () => {
    const aggregate = new FrameAggregate();
    aggregate.apply(beat(), noon);
    aggregate.apply(locks(lockView()), noon);
    aggregate.apply(beat({ source: "b" }), noon + 100);
    expect(aggregate.removeSilent(noon)).toEqual([]);
    expect(aggregate.removeSilent(noon + 50)).toEqual(["a-1"]);
    expect([...aggregate.sources.keys()]).toEqual(["b"]);
  });

  it("never exceeds its bounds, whatever the frames", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 60 }), (frames) => {
        const aggregate = new FrameAggregate({ sources: 3, locks: 10, steps: 20, stepsOfLock: 4 });
        for (const frame of frames) aggregate.apply(frame, noon);
        const histories = [...aggregate.locks.keys()].map((id) => aggregate.history(id).length);
        expect(aggregate.sources.size).toBeLessThanOrEqual(3);
        expect(aggregate.locks.size).toBeLessThanOrEqual(10);
        expect(Math.max(0, ...histories)).toBeLessThanOrEqual(4);
        expect(histories.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(20);
        for (const lock of aggregate.locks.values()) expect(aggregate.sources.has(lock.source)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("is reproduced by its snapshot", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 40 }), (frames) => {
        const [aggregate, copy] = [new FrameAggregate(), new FrameAggregate()];
        for (const frame of frames) aggregate.apply(frame, noon);
        for (const frame of aggregate.snapshot()) copy.apply(frame, noon);
        expect(new Map(copy.locks)).toEqual(aggregate.locks);
        const known = ({ sources }: FrameAggregate) =>
          [...sources].map(([id, { completeUntil: _, ...rest }]) => [id, rest]);
        expect(known(copy)).toEqual(known(aggregate));
        expect(copy.snapshot()).toEqual(aggregate.snapshot());
      }),
      { numRuns: 300 },
    );
  });

  it("is independent of its copy, and equal to it after the same frames", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 30 }),
        fc.array(anyFrame, { maxLength: 30 }),
        (before, after) => {
          const aggregate = new FrameAggregate({ sources: 3, locks: 10, steps: 20, stepsOfLock: 4 });
          for (const frame of before) aggregate.apply(frame, noon);
          const copies = [aggregate.copy(), aggregate.copy()] as const;
          for (const frame of after) aggregate.apply(frame, noon);
          for (const frame of after) copies[0].apply(frame, noon);
          expect(contentOf(copies[0])).toEqual(contentOf(aggregate));
          const then = new FrameAggregate({ sources: 3, locks: 10, steps: 20, stepsOfLock: 4 });
          for (const frame of before) then.apply(frame, noon);
          expect(contentOf(copies[1])).toEqual(contentOf(then));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("conveys the offset of a process's clock, however old its last frame", () => {
    const [aggregate, copy] = [new FrameAggregate(), new FrameAggregate()];
    // Its clock is 3 s behind, and its last frame arrived a minute ago.
    aggregate.apply(beat({ time: noon - 3_000 }), noon);
    for (const frame of aggregate.snapshot(noon + 60_000)) copy.apply(frame, noon + 60_000);
    const known = copy.sources.get("a")!;
    expect(known.lag).toBe(3_000);
    // The copy knows since when the process is silent.
    expect(known.receivedAt).toBe(noon);
  });

  it("hears a process whose clock was set back, and none that sends no beats", () => {
    const aggregate = new FrameAggregate();
    for (let second = 0; second < 10; second += 1) {
      const time = noon + second * 1_000 - (second < 5 ? 0 : 4_500);
      aggregate.apply(beat({ time }), noon + second * 1_000);
    }
    const silent = (now: number) => isSilent(aggregate.sources.get("a")!, now);
    expect(silent(noon + 10_000)).toBe(false);
    aggregate.apply({ ...head(), kind: "gone", locks: [], time: noon + 13_000 }, noon + 13_000);
    expect(silent(noon + 13_500)).toBe(true);
    expect(aggregate.removeSilent(noon + 10_000)).toEqual([]);
    expect(aggregate.sources.size).toBe(0);
  });

  it("keeps the last steps of a lock, however many there were before", () => {
    const aggregate = new FrameAggregate({ steps: 100, stepsOfLock: 10 });
    aggregate.apply(beat(), noon);
    const addSteps = (id: string, count: number) => {
      const steps = Array.from({ length: count }, (_, at) =>
        step({ time: noon + at, lock: lockView({ id }) }),
      );
      aggregate.apply({ ...head(), kind: "steps", steps }, noon);
    };
    addSteps("busy", 100);
    addSteps("other", 50);
    expect(aggregate.history("busy").map(({ time }) => time - noon)).toEqual([
      90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
    ]);
    // A lock that comes back has steps of its own.
    aggregate.apply({ ...head(), kind: "gone", locks: ["busy"] }, noon);
    addSteps("busy", 5);
    addSteps("other", 90);
    expect(aggregate.history("busy")).toHaveLength(5);
    addSteps("other", 10);
    expect(aggregate.history("busy")).toHaveLength(0);
  });

  it("adds and removes very many processes quickly", () => {
    const aggregate = new FrameAggregate();
    const adding = cpuTime(() => {
      for (let process = 0; process < 1_000; process++) {
        const source = `p${process}`;
        aggregate.apply(beat({ source }), noon);
        const views = Array.from({ length: 20 }, (_, lock) => lockView({ id: `${source}/${lock}`, source }));
        aggregate.apply(locks(...views), noon);
      }
    });
    const reading = cpuTime(() => {
      expect(aggregate.snapshot()).toHaveLength(2_000);
      expect(aggregate.removeSilent(noon + 1)).toHaveLength(20_000);
    });
    // Scanning all locks for each process would take seconds.
    expect(reading).toBeLessThan(5 * adding);
  });

  it("keeps to its bound of characters, however large each lock is", () => {
    const aggregate = new FrameAggregate({ size: 100_000 });
    aggregate.apply(beat(), noon);
    const votes = Array.from({ length: 9 }, () => ({ node: "n".repeat(1_000), kind: "granted" as const }));
    const view = (at: number) =>
      lockView({ id: `heavy-${at}`, round: { asked: "acquire", time: noon, votes } });
    for (let at = 0; at < 1_000; at++) {
      aggregate.apply({ ...head(), kind: "steps", steps: [step({ lock: view(at) })] }, noon);
      expect(JSON.stringify(aggregate.snapshot()).length).toBeLessThan(120_000);
    }
    expect([...aggregate.locks.keys()]).toEqual([...Array(9).keys()].map((at) => `heavy-${991 + at}`));
    expect(aggregate.history("heavy-999")).toHaveLength(1);
    for (const id of [...aggregate.locks.keys()])
      aggregate.apply({ ...head(), kind: "gone", locks: [id] }, noon);
    for (let at = 0; at < 100; at++) aggregate.apply(locks(lockView({ id: `light-${at}` })), noon);
    expect(aggregate.locks.size).toBe(100);
  });
});
