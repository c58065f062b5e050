import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { chunkHeadBytes, parseHead } from "../../../src/inspector/recording/chunk.js";
import { DeltaDecoder } from "../../../src/inspector/recording/delta-decoder.js";
import { DeltaEncoder } from "../../../src/inspector/recording/delta-encoder.js";
import { RecentFrames } from "../../../src/inspector/recording/recent-frames.js";
import { diffOf, patched } from "../../../src/inspector/recording/value-diff.js";
import {
  openFrames,
  openRecording,
  RecordingError,
  readRecording,
} from "../../../src/inspector/recording.js";
import { noon } from "../frames-of-all-kinds.js";
import { Night } from "./night.js";
import { clockAt } from "./stopped-clock.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-blocks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = { locks: 40, stepsPerSecond: 20, processes: 2 };

/** Records a night of so many seconds, one block for each `every` seconds. */
async function recordNight(
  name: string,
  seconds: number,
  options: { every?: number; keep?: number; maxSize?: number } = {},
) {
  const { every = 1, ...rest } = options;
  const night = new Night(noon, small);
  const clock = clockAt(noon);
  const file = join(folder, name);
  const recording = await openRecording(file, { clock, ...rest });
  const frames: Frame[] = [];
  for (let tenth = 1; tenth <= seconds * 10; tenth += 1) {
    for (const frame of night.tick()) {
      clock.now = night.time;
      frames.push(frame);
      recording.write(frame);
    }
    if (tenth % (every * 10) === 0) await recording.settle();
  }
  await recording.close();
  return { file, frames, recording };
}

describe("differences", () => {
  test("any value of JSON becomes any other", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        // A key that JSON cannot carry as a field is never part of a frame.
        fc.pre(!JSON.stringify([before, after]).includes("__proto__"));
        const there = JSON.parse(JSON.stringify({ before, after }));
        const diff = JSON.parse(JSON.stringify(diffOf(there.before, there.after)));
        expect(patched(there.before, diff)).toEqual(there.after);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a difference of hostile content throws, or stays a value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, diff) => {
        try {
          patched(before, diff);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      }),
    );
  });
});

test("the lines of each segment can be read alone, and begin with the state of that time", () => {
  const night = new Night(noon, small);
  const encoder = new DeltaEncoder();
  const lines: string[] = [];
  const frames: Frame[] = [];
  for (let tenth = 0; tenth < 100; tenth += 1) {
    for (const frame of night.tick()) {
      frames.push(frame);
      lines.push(encoder.encode(frame, night.time));
    }
  }
  const second: string[] = encoder.begin();
  const later: Frame[] = [];
  for (let tenth = 0; tenth < 20; tenth += 1) {
    for (const frame of night.tick()) {
      later.push(frame);
      second.push(encoder.encode(frame, night.time));
    }
  }
  const decoder = new DeltaDecoder(noon);
  expect(lines.map((line) => decoder.decode(line).frame)).toEqual(frames);
  const alone = new DeltaDecoder(noon);
  const decoded = second.map((line) => alone.decode(line));
  expect(decoded.filter(({ repeated }) => !repeated).map(({ frame }) => frame)).toEqual(later);
  const state = decoded.flatMap(({ repeated, frame }) =>
    repeated && frame.kind === "locks" ? frame.locks : [],
  );
  expect(new Set(state.map(({ id }) => id)).size).toBe(small.locks);
});

test("a recording is read back, segment by segment", async () => {
  const { file, frames } = await recordNight("night", 700, { every: 50 });
  expect((await readRecording(file)).frames).toEqual(frames);
  const { store, cutOff, close } = await openFrames(file);
  expect(cutOff).toBe(false);
  expect(store.segments.length).toBe(3);
  expect(store.segments[1]!.from).toBeGreaterThanOrEqual(store.segments[0]!.to);
  await close();
});

test("a recording that is cut off at any byte is read up to its last whole block", async () => {
  const { file, frames } = await recordNight("cut", 5);
  const whole = await readFile(file);
  const header = whole.indexOf("\n") + 1;
  const ends: number[] = [];
  for (let at = header; at < whole.length; ) {
    at += chunkHeadBytes + parseHead(whole.subarray(at, at + chunkHeadBytes))!.length;
    ends.push(at);
  }
  expect(ends.length).toBe(5);
  const cut = join(folder, "cut-short");
  for (let length = header; length < whole.length; length += 97) {
    await writeFile(cut, whole.subarray(0, length));
    const read = await readRecording(cut);
    const complete = ends.filter((end) => end <= length).length;
    expect(read.cutOff).toBe(length > header && !ends.includes(length));
    expect(read.frames).toEqual(frames.slice(0, read.frames.length));
    if (complete > 0) expect(read.frames.length).toBeGreaterThanOrEqual((complete - 1) * 20);
  }
});

test("flipped bits are refused with a RecordingError, or read as frames", async () => {
  const { file } = await recordNight("flip", 2);
  const whole = await readFile(file);
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(7)), { minLength: 1, maxLength: 5 });
  const flipped = join(folder, "flipped");
  await fc.assert(
    fc.asyncProperty(flips, async (all) => {
      const copy = Buffer.from(whole);
      for (const [at, bit] of all) copy[at] = (copy[at] ?? 0) ^ (1 << bit);
      await writeFile(flipped, copy);
      await readRecording(flipped).catch((error: unknown) => {
        expect(error).toBeInstanceOf(RecordingError);
        expect((error as Error).message).toMatch(/^\P{Cc}+$/u);
      });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }),
    { numRuns: 150 },
  );
});

describe("rotation", () => {
  test("what is older than it is to be kept is dropped, and the rest is a whole recording", async () => {
    const { file, frames } = await recordNight("keep", 3_000, { every: 50, keep: 900_000 });
    const read = await readRecording(file);
    const last = frames.at(-1)!.time;
    expect(read.time).toBeLessThanOrEqual(last - 900_000);
    expect(read.time).toBeGreaterThan(last - 1_800_000);
    // The first frames are the state of that time.
    const tail = read.frames.slice(-1_000);
    expect(tail).toEqual(frames.slice(-1_000));
  });

  test("the file stays below its maximum", async () => {
    const maxSize = 300_000;
    const { file, frames } = await recordNight("small", 3_000, { every: 50, maxSize });
    expect((await stat(file)).size).toBeLessThanOrEqual(maxSize * 1.1);
    expect((await readRecording(file)).frames.slice(-500)).toEqual(frames.slice(-500));
    expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});

test("the last hour is kept in memory, bounded in time and bytes, and saved as a recording", async () => {
  const night = new Night(noon, small);
  const clock = clockAt(noon);
  const recent = new RecentFrames(clock, 600_000);
  const frames: Frame[] = [];
  for (let second = 0; second < 5_400; second += 1) {
    for (let tenth = 0; tenth < 10; tenth += 1) {
      for (const frame of night.tick()) {
        clock.now = night.time;
        frames.push(frame);
        recent.write(frame);
      }
    }
    if (second % 30 === 0) await recent.settle();
  }
  await recent.settle();
  expect(recent.bytes).toBeLessThanOrEqual(600_000);
  expect(recent.segments[0]!.to).toBeGreaterThanOrEqual(night.time - 3_600_000);
  const file = join(folder, "saved");
  await writeFile(file, Buffer.concat([...recent.file()]));
  const read = await readRecording(file);
  expect(read.frames.slice(-2_000)).toEqual(frames.slice(-2_000));
}, 240_000);
