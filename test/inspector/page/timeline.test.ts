import { expect, test } from "vitest";
import type { LockView, Step } from "../../../src/inspector/feed/frames.js";
import { timelineOf } from "../../../visualizations/inspector/src/model/timeline.js";
import { lockView } from "../sample-frames.js";

const step = (
  time: number,
  event: string,
  from: string,
  to: string,
  changes: Partial<LockView> = {},
): Step => ({
  ...{ time, event, from, to },
  lock: lockView("1", { state: to, since: time, began: null, granted: null, ...changes }),
});
const now = (steps: readonly Step[]) => steps.at(-1)!.lock;
const whole = { from: 0, to: 1_000 };

const life = [
  step(100, "ACQUIRE", "idle", "acquiring.asking"),
  step(120, "DENIED", "acquiring.asking", "acquiring.waiting"),
  step(200, "RETRY", "acquiring.waiting", "acquiring.asking"),
  step(220, "GRANTED", "acquiring.asking", "held"),
  step(400, "RENEW", "held", "renewing.asking"),
  step(410, "RENEWED", "renewing.asking", "held"),
  step(600, "RENEW", "held", "renewing.asking"),
  step(650, "NO_QUORUM", "renewing.asking", "renewing.retrying"),
  step(800, "EXPIRED", "renewing.retrying", "expired"),
];

test("waiting, held, at risk and expired periods are drawn one after the other, with their ticks", () => {
  const { bands, marks } = timelineOf(life, now(life), whole);
  expect(bands).toEqual([
    { kind: "waiting", from: 100, to: 220 },
    { kind: "held", from: 220, to: 650 },
    { kind: "atRisk", from: 650, to: 800 },
    { kind: "expired", from: 800, to: 1_000 },
  ]);
  expect(marks.map(({ kind, time }) => `${kind} ${time}`)).toEqual([
    "retry 200",
    "granted 220",
    "renewed 410",
    "quorumLost 650",
    "expired 800",
  ]);
});

test("only what falls into the span is drawn", () => {
  const { bands, marks } = timelineOf(life, now(life), { from: 300, to: 700 });
  expect(bands).toEqual([
    { kind: "held", from: 300, to: 650 },
    { kind: "atRisk", from: 650, to: 700 },
  ]);
  expect(marks.map(({ time }) => time)).toEqual([410, 650]);
});

test("the time before the first known step is drawn as far as the lock's view tells", () => {
  const released = [step(500, "RELEASE", "held", "releasing", { granted: 300 })];
  expect(timelineOf(released, now(released), whole).bands).toEqual([
    { kind: "held", from: 300, to: 500 },
    { kind: "releasing", from: 500, to: 1_000 },
  ]);
  const unknown = [step(500, "ACQUIRE", "expired", "acquiring.asking")];
  expect(timelineOf(unknown, now(unknown), whole).bands).toEqual([{ kind: "waiting", from: 500, to: 1_000 }]);
  const held = lockView("1", { state: "held", since: 700, granted: 400 });
  expect(timelineOf([], held, whole).bands).toEqual([{ kind: "held", from: 400, to: 1_000 }]);
  expect(timelineOf([], lockView("1", { state: "idle" }), whole).bands).toEqual([]);
});

test("a failed acquisition and a release are ticks too", () => {
  const steps = [
    step(100, "ACQUIRE", "idle", "acquiring.queued"),
    step(200, "TIMED_OUT", "acquiring.queued", "idle"),
    step(300, "NO_QUORUM", "acquiring.asking", "idle"),
    step(400, "RELEASED", "releasing", "idle"),
    step(500, "HAND_OVER", "held", "idle"),
  ];
  const { marks } = timelineOf(steps, now(steps), whole);
  expect(marks.map(({ kind }) => kind)).toEqual(["failed", "failed", "released", "released"]);
});
