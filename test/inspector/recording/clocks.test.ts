import { describe, expect, test } from "vitest";
import type { Frame, LockView } from "../../../src/inspector/feed/frames.js";
import type { FrameStore } from "../../../src/inspector/recording/frame-store.js";
import { PlainFrames } from "../../../src/inspector/recording/plain-frames.js";
import { Hub } from "../../../src/inspector/server/hub.js";
import { ExaminedRecording, windowAt } from "../../../src/inspector/server/past.js";
import { lanesOf } from "../../../visualizations/inspector/src/axis/lanes.js";
import { Replay } from "../../../visualizations/inspector/src/replay/replay.js";
import { windowOf } from "../../../visualizations/inspector/src/replay/window.js";
import { resourcesOf } from "../../../visualizations/inspector/src/resource/resources.js";
import { noon } from "../frames-of-all-kinds.js";
import { beat, lockView } from "../sample-frames.js";
import { clockAt } from "./stopped-clock.js";

/** By how many ms the clock of the one process is ahead of all others. */
const ahead = 90_000;
const at = (seconds: number) => noon + seconds * 1_000;

/**
 * What a server receives of two processes with one beat a second each: "right" holds a permit of two from second 2 to second
 * 12, and "ahead", whose clock is ahead, from second 4 until its process is killed in second 20.
 */
function twoProcesses(): { readonly frame: Frame; readonly at: number }[] {
  const frames: { frame: Frame; at: number }[] = [];
  let seq = 0;
  const say = (source: string, second: number, content: (time: number) => object) => {
    const time = at(second) + (source === "ahead" ? ahead : 0);
    frames.push({ frame: { source, seq: ++seq, time, ...content(time) } as Frame, at: at(second) });
  };
  const step = (source: string, second: number, event: string, changes: Partial<LockView>) =>
    say(source, second, (time) => {
      const lock = lockView(`${source}/1`, {
        source,
        resources: ["pool"],
        permits: 2,
        since: time,
        ...changes,
      });
      return { kind: "steps", steps: [{ time, event, from: "idle", to: lock.state, lock }] };
    });
  const held = (granted: number) => ({ granted, validUntil: granted + 10_000 });
  for (let second = 0; second < 40; second += 1) {
    if (second <= 20) say("ahead", second, (time) => beat("ahead", { owner: "ahead", time }));
    say("right", second, (time) => beat("right", { owner: "right", time }));
    if (second === 2) step("right", second, "GRANTED", held(at(2)));
    if (second === 4) step("ahead", second, "GRANTED", held(at(4) + ahead));
    if (second === 12) step("right", second, "RELEASED", { state: "idle", validUntil: null });
    if (second === 14)
      step("ahead", second, "LOST", { state: "expired", reason: "missing", validUntil: null });
  }
  return frames;
}

/** The past of a server that received these frames. */
async function serverPast(): Promise<Hub> {
  const clock = clockAt(noon);
  const hub = new Hub(undefined, clock);
  for (const { frame, at } of twoProcesses()) {
    clock.now = at;
    hub.receive(frame);
  }
  await hub.store.settle();
  return hub;
}

async function windowOfStore(store: FrameStore, time: number) {
  const { segments, ...about } = await windowAt(store, time);
  return windowOf([JSON.stringify(about), ...segments.map((text) => `=\n${text}`)].join("\n"));
}

/** The lines as an earlier version wrote them, without the times of arrival. */
const withoutArrivals = (store: FrameStore): FrameStore => ({
  segments: store.segments,
  lines: async (index) =>
    (await store.lines(index))
      .split("\n")
      .map((line) => (line === "" ? "" : JSON.stringify((JSON.parse(line) as unknown[]).slice(0, 5))))
      .join("\n"),
});

const stores: [string, () => Promise<FrameStore>][] = [
  ["what a server remembers", async () => (await serverPast()).store],
  ["a recording without times of arrival", async () => withoutArrivals((await serverPast()).store)],
  [
    // The clock of the first process counts there.
    "a recording of version 1",
    async () => {
      const frames = twoProcesses().map(({ frame }) => frame);
      return new PlainFrames([{ ...frames[1]!, time: at(0) }, ...frames], at(0));
    },
  ],
];

describe.each(stores)("one process whose clock is ahead, in %s", (_, open) => {
  test("makes no other process silent, and its own incidents bear the time of the recorder", async () => {
    const recording = new ExaminedRecording(await open());
    await recording.examine();
    const found = recording.incidents.map(({ kind, owner, time }) => [kind, owner, (time - noon) / 1_000]);
    expect(found).toEqual([
      ["lost", "ahead", 14],
      ["silent", "ahead", 20],
    ]);
    expect(recording.incidents.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^pool lost at 12:00:14 UTC by ahead: /),
      expect.stringMatching(/^ahead \(process 1\) silent since 12:00:20 UTC: /),
    ]);
    expect([recording.from, recording.to]).toEqual([at(0), at(39)]);
  });

  test("leaves every moment what it was", async () => {
    const store = await open();
    const replay = new Replay(await windowOfStore(store, at(5)), (time) => windowOfStore(store, time));
    const inUse = async (second: number) => {
      await replay.seekTime(at(second));
      const { locks, sources } = replay.aggregate;
      return resourcesOf(locks.values(), sources, at(second))[0]?.inUse ?? 0;
    };
    const seen = [];
    for (const second of [1, 3, 5, 13, 11, 15, 30]) seen.push(await inUse(second));
    expect(seen).toEqual([0, 1, 2, 1, 2, 0, 0]);
  });

  test("is drawn in its lane where it belongs", async () => {
    const { frames } = await windowOfStore(await open(), at(5));
    const [lane] = lanesOf(frames, { from: at(0), to: at(13) });
    const held = lane?.holders.map(({ source, from, to }) => [
      source,
      (from - noon) / 1_000,
      (to - noon) / 1_000,
    ]);
    expect(held?.sort()).toEqual([
      ["ahead", 4, 13],
      ["right", 2, 12],
    ]);
  });
});

test("a live page has the same incidents, and counts acquisitions when they happened", async () => {
  const hub = await serverPast();
  const recording = new ExaminedRecording(hub.store);
  await recording.examine();
  expect(hub.incidents).toEqual(recording.incidents);
  const counted = new Hub(undefined, clockAt(at(10)));
  const totals = (acquired: number) => ({ ...beat().totals, acquired });
  counted.receive(beat("ahead", { time: at(9) + ahead, totals: totals(0) }));
  counted.receive(beat("ahead", { time: at(10) + ahead, totals: totals(3) }));
  expect(counted.overview.acquired.at(-1)).toBe(3);
});
