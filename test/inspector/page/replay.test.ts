import { expect, test } from "vitest";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { PlainFrames } from "../../../src/inspector/recording/plain-frames.js";
import { windowAt } from "../../../src/inspector/server/past.js";
import { momentsOf } from "../../../visualizations/inspector/src/replay/moments.js";
import { Playback } from "../../../visualizations/inspector/src/replay/playback.js";
import { Positions } from "../../../visualizations/inspector/src/replay/positions.js";
import { windowOf } from "../../../visualizations/inspector/src/replay/window.js";
import { beat, lockView } from "../sample-frames.js";

const states = ["acquiring.asking", "held", "renewing.asking", "held", "releasing", "idle"];

/** A recording of `steps` steps of one lock, two per frame, with a beat after each frame. */
function recordingOf(steps: number): Frame[] {
  const frames: Frame[] = [beat("here", { time: 1_000 })];
  for (let from = 0; from < steps; from += 2) {
    const part = [from, from + 1]
      .filter((index) => index < steps)
      .map((index) => {
        const state = states[index % states.length]!;
        const time = 1_000 + index * 10;
        return { time, event: "STEP", from: "idle", to: state, lock: lockView("1", { state, since: time }) };
      });
    const time = part.at(-1)!.time;
    frames.push({ kind: "steps", source: "here", seq: from, time, steps: part }, beat("here", { time }));
  }
  return frames;
}

/** Frames that arrive at once, of a process whose clock is right. */
const arrived = (frames: readonly Frame[]) => frames.map((frame) => ({ frame, at: frame.time }));

test("a replay moves step by step, forward and backward, whatever was reported in between", () => {
  const moments = momentsOf(arrived(recordingOf(5)));
  const positions = new Positions(moments);
  const playback = new Playback(moments);
  const stateAt = (cursor: number) => {
    playback.seek(cursor);
    return playback.aggregate.locks.get("1")?.state;
  };
  expect(positions.steps).toBe(5);
  let cursor = positions.first;
  expect([positions.stepAt(cursor), stateAt(cursor), playback.aggregate.sources.size]).toEqual([
    0,
    undefined,
    1,
  ]);
  const seen = states.slice(0, 5).map((_, index) => {
    cursor = positions.next(cursor);
    expect(positions.stepAt(cursor)).toBe(index + 1);
    return stateAt(cursor);
  });
  expect(seen).toEqual(states.slice(0, 5));
  // Everything after the last step.
  cursor = positions.next(cursor);
  expect(cursor).toBe(moments.length);
  expect(positions.next(cursor)).toBe(cursor);
  const back = Array.from({ length: 6 }, () => {
    cursor = positions.previous(cursor);
    return stateAt(cursor);
  });
  expect(back).toEqual([...states.slice(0, 4).reverse(), undefined, undefined]);
  expect(positions.stepAt(cursor)).toBe(0);
});

test("going back restores the state of that step, histories included", () => {
  const moments = momentsOf(arrived(recordingOf(3_000)));
  const playback = new Playback(moments);
  playback.seek(moments.length);
  for (const cursor of [4_000, 3_999, 2_501, 2_500, 1, 0, 1_234]) {
    playback.seek(cursor);
    const straight = new Playback(moments);
    straight.seek(cursor);
    expect(playback.aggregate.snapshot()).toEqual(straight.aggregate.snapshot());
    expect(playback.aggregate.history("1")).toEqual(straight.aggregate.history("1"));
    expect(playback.time).toBe(straight.time);
  }
});

test("the time of moments is that of the recorder, and never goes back, even if the clocks of processes differ", () => {
  const frames = [
    { frame: beat("ahead", { time: 95_000 }), at: 5_000 },
    { frame: beat("behind", { time: 2_000 }), at: 5_000 },
    { frame: beat("ahead", { time: 96_000 }), at: 6_000 },
    // The recorder's clock was set back.
    { frame: beat("behind", { time: 3_000 }), at: 5_900 },
  ];
  const moments = momentsOf(frames);
  expect(moments.map(({ time }) => time)).toEqual([5_000, 5_000, 6_000, 6_000]);
  const playback = new Playback(moments);
  expect([4_999, 5_000, 7_000].map((time) => playback.cursorAt(time))).toEqual([0, 2, 4]);
  playback.seek(3);
  expect(playback.aggregate.sources.get("behind")?.lag).toBe(3_000);
  expect(playback.aggregate.sources.get("ahead")?.lag).toBe(-90_000);
});

test("a recording without steps or without frames can be shown too", () => {
  const only = momentsOf(arrived([beat()]));
  const positions = new Positions(only);
  expect([
    positions.first,
    positions.last,
    positions.steps,
    positions.next(1),
    positions.previous(1),
  ]).toEqual([...[1, 1, 0, 1, 1]]);
  const nothing = new Playback(momentsOf([]));
  nothing.seek(10);
  expect([nothing.cursor, nothing.time]).toEqual([0, 0]);
});

test("a window of a recording is read as the server sends it", async () => {
  const frames = recordingOf(3);
  const { segments, ...about } = await windowAt(new PlainFrames(frames), 0);
  const window = windowOf([JSON.stringify(about), ...segments.map((text) => `=\n${text}`)].join("\n"));
  expect(window).toEqual({ from: 1_000, to: 1_020, first: true, last: true, frames: arrived(frames) });
});
