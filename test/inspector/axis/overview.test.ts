import { describe, expect, test, vi } from "vitest";
import { Overview } from "../../../src/inspector/axis/overview.js";
import type { Frame, NodeView } from "../../../src/inspector/feed/frames.js";
import { PlainFrames } from "../../../src/inspector/recording/plain-frames.js";
import { Hub } from "../../../src/inspector/server/hub.js";
import { ExaminedRecording, windowAt } from "../../../src/inspector/server/past.js";
import { lanesOf } from "../../../visualizations/inspector/src/axis/lanes.js";
import { Replay } from "../../../visualizations/inspector/src/replay/replay.js";
import { windowOf } from "../../../visualizations/inspector/src/replay/window.js";
import { noon } from "../frames-of-all-kinds.js";
import { Night } from "../recording/night.js";
import { clockAt } from "../recording/stopped-clock.js";
import { beat, locksOf, lockView, stepOf } from "../sample-frames.js";

// An hour of frames, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

const at = (seconds: number) => noon + seconds * 1_000;
const totals = (acquired: number, expired = 0) => ({
  ...beat().totals,
  acquired,
  expired,
});
const node = (state: NodeView["state"], seconds: number): NodeView => ({
  name: "n1",
  state,
  cause: null,
  until: null,
  p50: null,
  p99: null,
  step: { time: at(seconds), event: "X", from: "ready", to: state },
});

/** Applies a frame of a process whose clock is right. */
const apply = (overview: Overview, frame: Frame) => overview.apply(frame, frame.time);

describe("the overview", () => {
  test("counts acquisitions and losses by the totals, from the second beat of a process on", () => {
    const overview = new Overview({ bucket: 10_000 });
    apply(overview, beat("a", { time: at(0), totals: totals(500, 9) }));
    apply(overview, beat("a", { time: at(1), totals: totals(504, 10) }));
    apply(overview, beat("b", { time: at(12), totals: totals(7) }));
    apply(overview, beat("b", { time: at(13), totals: totals(9) }));
    // It was restarted.
    apply(overview, beat("a", { time: at(14), totals: totals(3) }));
    const { from, bucket, acquired, lost } = overview.view(at(0), at(19));
    expect({ from, bucket, acquired, lost }).toEqual({
      from: at(0),
      bucket: 10_000,
      acquired: [4, 2],
      lost: [1, 0],
    });
  });

  test("has the most locks that waited at a time", () => {
    const overview = new Overview({ bucket: 10_000 });
    apply(overview, beat("here", { time: at(0) }));
    const waiting = (id: string) => lockView(id, { state: "acquiring.waiting" });
    apply(overview, { ...locksOf(waiting("1"), waiting("2")), time: at(1) });
    apply(overview, { ...stepOf(lockView("1"), "GRANTED", "acquiring.asking"), time: at(2) });
    apply(overview, beat("here", { time: at(12) }));
    apply(overview, { kind: "gone", source: "here", seq: 9, time: at(21), locks: ["2"] });
    apply(overview, beat("here", { time: at(22) }));
    expect(overview.view(at(0), at(29)).waiting).toEqual([2, 1, 0]);
  });

  test("has the worst state of a node, by the times of its steps", () => {
    const overview = new Overview();
    apply(overview, beat("a", { time: at(0), nodes: [node("ready", 0)] }));
    apply(overview, beat("b", { time: at(0), nodes: [node("ready", 0)] }));
    apply(overview, beat("a", { time: at(6), nodes: [node("down", 5)] }));
    apply(overview, beat("b", { time: at(8), nodes: [node("suspect", 7)] }));
    apply(overview, beat("a", { time: at(10), nodes: [node("ready", 9)] }));
    apply(overview, { kind: "bye", source: "b", seq: 3, time: at(12) });
    expect(overview.view(at(0), at(20)).nodes).toEqual([
      {
        name: "n1",
        spans: [
          { time: at(0), state: "ready" },
          { time: at(5), state: "down" },
          { time: at(9), state: "suspect" },
          { time: at(12), state: "ready" },
        ],
      },
    ]);
  });

  test("is bounded, whatever the times and names of hostile frames", () => {
    const overview = new Overview({ sources: 20, buckets: 50 });
    for (let index = 0; index < 5_000; index += 1) {
      const time = [noon + index * 60_000, 8.64e15, -8.64e15][index % 3]!;
      const nodes = Array.from({ length: 10 }, (_, n) => ({
        ...node(index % 2 === 0 ? "down" : "ready", 0),
        name: `n${index}-${n}`,
      }));
      apply(overview, beat(`s${index % 40}`, { time, nodes, totals: totals(index) }));
    }
    const view = overview.view(noon, noon + 1e12);
    expect(view.acquired.length).toBe(50);
    expect(view.nodes.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(view).length).toBeLessThan(100_000);
  });
});

/** An hour of frames, in compressed time, with a node that fails. */
function hour(): Frame[] {
  const night = new Night(noon, { locks: 30, stepsPerSecond: 10, processes: 3 }, 7);
  const frames: Frame[] = [];
  while (night.time < noon + 3_600_000) {
    for (const frame of night.tick()) {
      const minute = Math.floor((night.time - noon) / 60_000);
      const isDown = frame.kind === "beat" && minute % 20 === 5;
      frames.push(
        isDown
          ? { ...frame, nodes: [{ ...frame.nodes[0]!, state: "down" }, ...frame.nodes.slice(1)] }
          : frame,
      );
    }
  }
  return frames;
}

describe("an hour, live and in a replay", () => {
  const frames = hour();
  const clock = clockAt(noon);
  const hub = new Hub(undefined, clock);
  for (const frame of frames) {
    clock.now = Math.max(clock.now, frame.time);
    hub.receive(frame);
  }
  const recording = new ExaminedRecording(new PlainFrames(frames, noon));

  test("has the same incidents and the same overview", async () => {
    await recording.examine();
    expect(recording.incidents.length).toBeGreaterThan(5);
    expect(new Set(recording.incidents.map(({ kind }) => kind)).size).toBeGreaterThan(2);
    expect(recording.incidents).toEqual(hub.incidents);
    const { acquired, lost, waiting, nodes, from } = recording.overview;
    const live = hub.overview;
    const common = (live.from - from) / live.bucket;
    expect(acquired.slice(common)).toEqual(live.acquired);
    expect(lost.slice(common)).toEqual(live.lost);
    expect(waiting.slice(common)).toEqual(live.waiting);
    expect(nodes).toEqual(live.nodes);
  });

  test("has the same locks, histories and lanes at the end, and at any time before", async () => {
    await hub.store.settle();
    const textAt = async (store: typeof hub.store | typeof recording.store, time: number) => {
      const { segments, ...about } = await windowAt(store, time);
      return [JSON.stringify(about), ...segments.map((text) => `=\n${text}`)].join("\n");
    };
    for (const seconds of [100, 1_500, 3_599]) {
      const [live, replayed] = await Promise.all(
        [hub.store, recording.store].map(async (store) => {
          const load = async (time: number) => windowOf(await textAt(store, time));
          const replay = new Replay(await load(at(seconds)), load);
          await replay.seekTime(at(seconds));
          return replay;
        }),
      );
      const stateOf = (replay: Replay) =>
        [...replay.aggregate.locks].sort(([one], [other]) => (one < other ? -1 : 1));
      expect(stateOf(live!)).toHaveLength(30);
      expect(stateOf(live!)).toEqual(stateOf(replayed!));
      const [id] = stateOf(live!)[0]!;
      expect(live!.aggregate.history(id).slice(-20)).toEqual(replayed!.aggregate.history(id).slice(-20));
    }
    const end = new Replay(windowOf(await textAt(recording.store, at(3_600))));
    await end.seekTime(at(3_600));
    expect(new Map(end.aggregate.locks)).toEqual(new Map(hub.aggregate.locks));
    const span = { from: at(3_500), to: at(3_590) };
    const lanes = await Promise.all(
      [hub.store, recording.store].map(async (store) =>
        lanesOf(windowOf(await textAt(store, at(3_550))).frames, span),
      ),
    );
    expect(lanes[0]).toEqual(lanes[1]);
    expect(lanes[0]!.length).toBeGreaterThan(10);
  });
});

test("a replay steps within one lock or through all, and is linear in time", async () => {
  const frames = hour().slice(0, 600);
  const { segments, ...about } = await windowAt(new PlainFrames(frames, noon), noon);
  const replay = new Replay(
    windowOf([JSON.stringify(about), ...segments.map((text) => `=\n${text}`)].join("\n")),
  );
  const steps = frames.flatMap((frame) => (frame.kind === "steps" ? frame.steps : []));
  expect(replay.positions.steps).toBe(steps.length);
  const own = steps.filter(({ lock }) => lock.id === steps[0]!.lock.id);
  replay.lock.value = own[0]!.lock.id;
  expect(replay.positions.steps).toBe(own.length);
  const seen = own.map(() => {
    replay.next();
    return replay.aggregate.history(own[0]!.lock.id).at(-1);
  });
  expect(seen).toEqual(own);
  for (const part of [0.25, 0.5, 0.75]) {
    const time = noon + part * (frames.at(-1)!.time - noon);
    await replay.seekTime(time);
    expect(replay.time.value).toBe(time);
    for (const { since } of replay.aggregate.locks.values()) expect(since).toBeLessThanOrEqual(time);
  }
});
