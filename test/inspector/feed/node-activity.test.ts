import { expect, test } from "vitest";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import { type NodeView, parseFrame } from "../../../src/inspector/feed/frames.js";
import { beat, lockView } from "../sample-frames.js";

const node = (changes: Partial<NodeView> = {}): NodeView => ({
  name: "n1",
  state: "ready",
  cause: null,
  until: null,
  p50: 1,
  p99: 2,
  step: null,
  ...changes,
});
const down = { time: 5, event: "DISCONNECTED", from: "ready", to: "down" };
const up = { time: 9, event: "CONNECTED", from: "down", to: "ready" };

test("the steps of a node are collected from the beats, once each, and passed on to a new page", () => {
  const aggregate = new FrameAggregate();
  aggregate.apply(beat("here", { nodes: [node({ step: down })] }), 1_000);
  aggregate.apply(beat("here", { nodes: [node({ step: down })] }), 1_100);
  aggregate.apply(beat("here", { nodes: [node({ step: up, p50: 3 })] }), 1_200);
  expect(aggregate.nodeActivities.of("here", "n1").steps).toEqual([down, up]);
  expect(aggregate.nodeActivities.of("here", "n1").latencies.map(({ p50 }) => p50)).toEqual([1, 1, 3]);
  const page = new FrameAggregate();
  for (const frame of aggregate.snapshot(1_300)) {
    const parsed = parseFrame(JSON.parse(JSON.stringify(frame)));
    expect(parsed).not.toBeNull();
    page.apply(parsed!, 1_300);
  }
  expect(page.nodeActivities.of("here", "n1").steps).toEqual([down, up]);
});

test("of each round it is counted once what the node was asked, answered and refused", () => {
  const aggregate = new FrameAggregate();
  aggregate.apply(beat("here", { nodes: [node()] }), 1_000);
  const vote = (changes: object) => {
    const round = {
      asked: "acquire" as const,
      time: 1_000,
      votes: [{ node: "n1", kind: "failed" as const, ...changes }],
    };
    const lock = lockView("1", { round });
    const step = { time: 1_000, event: "GRANTED", from: "acquiring.asking", to: "held", lock };
    aggregate.apply({ kind: "steps", source: "here", seq: 1, time: 1_000, steps: [step] }, 1_000);
    // A later step repeats the round.
    const again = { ...step, time: 1_001, event: "RENEW" };
    aggregate.apply({ kind: "steps", source: "here", seq: 1, time: 1_001, steps: [again] }, 1_000);
  };
  vote({ kind: "granted" });
  vote({ kind: "denied", holder: null });
  vote({ reason: "timeout", message: "" });
  vote({ reason: "refused", message: "NOPERM" });
  vote({ reason: "notAsked", message: "" });
  expect(aggregate.nodeActivities.of("here", "n1")).toMatchObject({ asked: 4, answered: 2, refused: 1 });
  // A copy, as a replay makes it, goes its own way.
  const copy = aggregate.copy();
  vote({ kind: "granted" });
  expect(copy.nodeActivities.of("here", "n1").asked).toBe(4);
  aggregate.removeSource("here");
  expect(aggregate.nodeActivities.of("here", "n1").asked).toBe(0);
});

test("however many nodes and steps hostile frames name, little is kept", () => {
  const aggregate = new FrameAggregate();
  for (let round = 0; round < 60; round += 1) {
    const nodes = Array.from({ length: 100 }, (_, index) =>
      node({ name: `n${round}-${index}`, step: { ...down, time: round } }),
    );
    aggregate.apply(beat("here", { nodes }), 1_000);
  }
  for (let time = 0; time < 100; time += 1) {
    aggregate.apply(beat("here", { nodes: [node({ name: "n0-0", step: { ...down, time } })] }), 1_000);
  }
  expect(aggregate.nodeActivities.of("here", "n0-0").steps).toHaveLength(20);
  expect(aggregate.nodeActivities.of("here", "n0-0").latencies).toHaveLength(60);
  expect(aggregate.nodeActivities.of("here", "n59-99").latencies).toHaveLength(0);
});
