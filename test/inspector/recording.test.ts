import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explain } from "../../src/cli/failure.js";
import type { Frame } from "../../src/inspector/feed/frames.js";
import { framesOfStore } from "../../src/inspector/recording/store-frames.js";
import { openFrames, openRecording, RecordingError, readRecording } from "../../src/inspector/recording.js";
import { beat, framesOfAllKinds, noon } from "./frames-of-all-kinds.js";
import { clockAt } from "./recording/stopped-clock.js";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-recording-"));
  path = join(folder, "life.jsonl");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Of version 1, which is not written any more. */
const header = `${JSON.stringify({ holdfast: "recording", version: 1, time: noon })}\n`;
const bye: Frame = { kind: "bye", source: "a", seq: 1, time: noon };
const byeLine = `${JSON.stringify(bye)}\n`;

async function readText(text: string | Uint8Array, bounds = {}) {
  await writeFile(path, text);
  return readRecording(path, bounds);
}

async function errorOf(doing: Promise<unknown>): Promise<RecordingError> {
  const error = await doing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RecordingError) return error;
  throw new Error(`expected a RecordingError, got ${error}`);
}

async function record(frames: readonly Frame[], name: string): Promise<string> {
  const file = join(folder, name);
  const recording = await openRecording(file, { clock: clockAt(noon), force: true });
  for (const frame of frames) expect(recording.write(frame)).toBe(true);
  await recording.close();
  return file;
}

test("every kind of frame is read back as written, in order", async () => {
  const file = await record(framesOfAllKinds, "all.jsonl");
  expect(await readRecording(file)).toEqual({ time: noon, frames: framesOfAllKinds, cutOff: false });
});

test("a recording of version 1 is read too", async () => {
  const text = header + framesOfAllKinds.map((frame) => `${JSON.stringify(frame)}\n`).join("");
  expect(await readText(text)).toEqual({ time: noon, frames: framesOfAllKinds, cutOff: false });
  const { store } = await openFrames(path);
  const frames = [];
  for await (const { frame } of framesOfStore(store)) frames.push(frame);
  expect(frames).toEqual(framesOfAllKinds);
});

test("frames are kept in the order of the file, whatever their times and numbers say", async () => {
  const frames: Frame[] = [9, 3, 7].map((seq) => ({ ...bye, seq, time: noon - seq * 1_000 }));
  expect((await readRecording(await record(frames, "order.jsonl"))).frames).toEqual(frames);
});

test("each frame is in the file soon after it was written, without closing it", async () => {
  const file = join(folder, "open.jsonl");
  const recording = await openRecording(file);
  recording.write(bye);
  await expect.poll(async () => (await readRecording(file)).frames).toEqual([bye]);
  await recording.close();
});

describe("writing", () => {
  test("an existing file is kept, unless it is to be replaced", async () => {
    await writeFile(path, "precious");
    const error = await errorOf(openRecording(path));
    expect(error.message).toBe(
      `${path}: cannot record: the file exists already: name another one, or replace it with --force`,
    );
    expect(explain(error).exitCode).toBe(73);
    expect(await readFile(path, "utf8")).toBe("precious");
    await (await openRecording(path, { clock: clockAt(noon), force: true })).close();
    expect(await readFile(path, "utf8")).toBe(header.replace(":1,", ":2,"));
  });

  test.each([
    ["a folder that is not there", () => join(folder, "none", "a.jsonl"), /no such file or folder/],
    ["a folder itself", () => folder, /exists already|it is a folder/],
    ["a part of the path that is a file", () => join(path, "a.jsonl"), /no folder/],
    ["a name that is too long", () => join(folder, "x".repeat(5_000)), /too long/],
    ["a NUL in the name", () => `${folder}/a\0b`, /cannot record/],
  ])("%s is refused", async (_, where, why) => {
    await writeFile(path, "");
    for (const force of [false, true]) {
      const error = await errorOf(openRecording(where(), { force }));
      expect(error.message).toMatch(why);
      expect(explain(error).exitCode).toBe(73);
    }
  });

  test("a dangling link is not followed", async () => {
    const link = join(folder, "link");
    await symlink(join(folder, "elsewhere"), link);
    expect((await errorOf(openRecording(link))).message).toMatch(/exists already/);
  });

  test("frames that a slow disk cannot take are dropped and counted, and memory is bounded", async () => {
    const file = join(folder, "slow.jsonl");
    const recording = await openRecording(file, { waiting: 10 * byeLine.length });
    // Nothing is compressed within one tick of the event loop, as on a disk that hangs.
    const taken = Array.from({ length: 1_000 }, (_, seq) => recording.write({ ...bye, seq: seq + 100 }));
    expect(taken.filter(Boolean).length).toBeLessThan(100);
    expect(recording.dropped).toBe(taken.filter((one) => !one).length);
    await expect.poll(() => recording.write(bye)).toBe(true);
    await recording.close();
    const { frames, cutOff } = await readRecording(file);
    expect(cutOff).toBe(false);
    expect(frames.length).toBe(recording.frames);
  });

  test("a failing disk is reported once, and does not crash the process", async () => {
    const failures: RecordingError[] = [];
    const recording = await openRecording("/dev/full", {
      force: true,
      onFailure: (error) => failures.push(error),
    });
    recording.write(bye);
    await expect.poll(() => failures.length).toBe(1);
    expect(recording.write(bye)).toBe(false);
    await recording.close();
    await recording.close();
    expect(failures.map(({ message }) => message)).toEqual([
      "/dev/full: cannot record any further: no space is left",
    ]);
  });
});

describe("reading", () => {
  test.each([
    ["an empty file", "", 65, /is empty/],
    ["a line end alone", "\n", 65, /no recording/],
    ["text", "hello\nworld\n", 65, /no recording/],
    ["frames without a header", byeLine, 65, /no recording/],
    ["a header of something else", '{"holdfast":"doctor","version":1,"time":1}\n', 65, /no recording/],
    ["a header without a time", '{"holdfast":"recording","version":1}\n', 65, /no recording/],
    ["a newer version", header.replace(":1,", ":3,"), 65, /of version 3, .* reads version 2: update it/],
    ["a line that is not JSON", `${header}${byeLine}{"kind":\n${byeLine}`, 65, /line 3: it is not JSON$/],
    ["a line that is no frame", `${header}{"kind":"hello"}\n`, 65, /line 2: it is no frame$/],
    ["an empty line", `${header}\n${byeLine}`, 65, /line 2: it is not JSON$/],
    ["an array", `${header}[${byeLine.trim()}]\n`, 65, /line 2: it is no frame$/],
  ])("%s is refused", async (_, text, code, why) => {
    const error = await errorOf(readText(text));
    expect(error.message).toMatch(why);
    expect(error.message.startsWith(path)).toBe(true);
    expect(explain(error).exitCode).toBe(code);
  });

  test("a missing file, a folder and a device are refused with 66", async () => {
    for (const where of [join(folder, "none.jsonl"), folder, "/dev/null", `${folder}/a\0b`]) {
      const error = await errorOf(readRecording(where));
      expect(error.message).toMatch(/cannot be read: /);
      expect(explain(error).exitCode).toBe(66);
    }
  });

  test("the bounds hold for bytes, bytes of a line with and without its end, and frames", async () => {
    const long = `${header}${byeLine.repeat(100)}`;
    expect((await errorOf(readText(long, { bytes: 1_000 }))).message).toMatch(/larger than 1000 bytes$/);
    expect((await errorOf(readText(long, { frames: 99 }))).message).toMatch(/more than 99 frames$/);
    expect((await readText(long, { frames: 100 })).frames).toHaveLength(100);
    const line = `${header}${"x".repeat(2 * 1024 * 1024)}`;
    for (const end of ["", "\n"]) {
      const error = await errorOf(readText(line + end));
      expect(error).toMatchObject({ line: 2, message: `${path}, line 2: it is longer than 1 MB` });
    }
  });

  test("line ends of Windows and a byte order mark do no harm", async () => {
    const text = `\ufeff${header}${byeLine}`.replaceAll("\n", "\r\n");
    expect(await readText(text)).toEqual({ time: noon, frames: [bye], cutOff: false });
  });

  test("a file that is cut off at any byte is read up to there, and an incomplete frame is reported", async () => {
    const whole = Buffer.from(
      header + framesOfAllKinds.map((frame) => `${JSON.stringify(frame)}\n`).join(""),
    );
    const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a);
    for (let length = 0; length < whole.length; length += 1) {
      const text = whole.subarray(0, length);
      if (length < header.length - 1) {
        await errorOf(readText(text));
        continue;
      }
      const { frames, cutOff } = await readText(text);
      // The frames whose text is complete, with or without the line end.
      const complete = ends.filter((end) => end <= length).length - 1;
      expect(frames).toEqual(framesOfAllKinds.slice(0, complete));
      expect(cutOff).toBe(!ends.includes(length) && !ends.includes(length - 1));
    }
  }, 120_000);
});

describe("arbitrary content", () => {
  const holds = async (property: fc.IAsyncProperty<[string | Uint8Array]>, numRuns = 300) =>
    fc.assert(property, { numRuns });
  /** The file is either read, or refused with a RecordingError of one line, without side effects. */
  async function check(text: string | Uint8Array): Promise<void> {
    const recording = await readText(text).catch((error: unknown) => {
      expect(error).toBeInstanceOf(RecordingError);
      expect((error as RecordingError).message).toMatch(/^\P{Cc}+$/u);
    });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    for (const frame of recording?.frames ?? []) expect(Object.getPrototypeOf(frame)).toBe(Object.prototype);
  }

  test("random bytes, with and without a header", { timeout: 60_000 }, async () => {
    const bytes = fc.uint8Array({ maxLength: 2_000 });
    await holds(fc.asyncProperty(bytes, check));
    await holds(
      fc.asyncProperty(
        bytes.map((tail) => Buffer.concat([Buffer.from(header), tail])),
        check,
      ),
    );
  });

  test("flipped bits of a valid recording", { timeout: 60_000 }, async () => {
    const whole = Buffer.from(
      header + framesOfAllKinds.map((frame) => `${JSON.stringify(frame)}\n`).join(""),
    );
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(7)), { minLength: 1, maxLength: 5 });
    const flipped = flips.map((all) => {
      const copy = Buffer.from(whole);
      for (const [at, bit] of all) copy[at] = (copy[at] ?? 0) ^ (1 << bit);
      return copy;
    });
    await holds(fc.asyncProperty(flipped, check));
  });

  test("hostile JSON", { timeout: 60_000 }, async () => {
    const odd = [
      "[".repeat(200_000),
      '{"a":'.repeat(100_000),
      `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
      '{"__proto__":{"polluted":1},"kind":"bye","source":"a","seq":1,"time":1}',
      '{"kind":"bye","source":"__proto__","seq":1,"time":1}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      JSON.stringify({ ...beat(), totals: { __proto__: { polluted: 1 } } }),
      '{"kind":"bye","source":"a","seq":1e999,"time":-1e999}',
      `{"kind":"bye","source":"a","seq":${"9".repeat(100_000)},"time":1}`,
      '{"kind":"bye","source":"a","seq":-0,"time":5e-324}',
      '{"kind":"bye","source":"\\ud800","seq":1,"time":1}',
      '{"kind":"bye","source":"a\\u0000","seq":1,"time":1}',
      "\0".repeat(10_000),
      "\ufeff\ufeff{}",
      "null",
      '"\ud800"',
      `{"kind":"locks","source":"a","seq":1,"time":1,"locks":[${"1,".repeat(100_000)}1]}`,
      `{"kind":["bye"],"source":"a","seq":1,"time":1}`,
    ];
    for (const line of odd) for (const end of ["", "\n", "\r\n"]) await check(header + line + end);
    await holds(
      fc.asyncProperty(
        fc.json().map((json) => `${header}${json}\n`),
        check,
      ),
    );
  });

  test("unknown properties of a frame are left out", async () => {
    const line = '{"__proto__":{"polluted":1},"kind":"bye","source":"a","seq":1,"time":1,"more":[1]}\n';
    const { frames } = await readText(header + line);
    expect(frames).toEqual([{ kind: "bye", source: "a", seq: 1, time: 1 }]);
  });
});
