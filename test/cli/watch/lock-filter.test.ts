import { describe, expect, test } from "vitest";
import { LockFilter } from "../../../src/cli/watch/lock-filter.js";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { beat, framesOfAllKinds, lockView, noon, step } from "../../inspector/frames-of-all-kinds.js";

const has = (names: readonly string[], resource: string, prefix = "") =>
  new LockFilter(names, undefined).has(lockView({ resources: [resource] }), prefix);

describe("names", () => {
  test.each([
    ["payouts:42", "payouts:42", true],
    ["payouts:42", "payouts:421", false],
    ["payouts:*", "payouts:42", true],
    ["payouts:*", "payouts", false],
    ["*", "", true],
    ["*:42", "payouts:42", true],
    ["*:42", "payouts:421", false],
    ["p*:*2", "payouts:42", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-c-b", false],
    ["a*b*b", "ab", false],
    ["a**b", "a-b", true],
    ["a.c", "abc", false],
    ["[a-z]*", "b", false],
    ["jobs:*", "jobs:*", true],
  ])("%j has %j: %s", (name, resource, expected) => {
    expect(has([name], resource)).toBe(expected);
  });

  test("none has all, and of several one is enough", () => {
    expect(has([], "anything")).toBe(true);
    expect(has(["a", "b*"], "bc")).toBe(true);
    expect(new LockFilter(["b"], undefined).has(lockView({ resources: ["a", "b"] }), "")).toBe(true);
  });

  test("a name may include the prefix", () => {
    expect(has(["app:a"], "a", "app:")).toBe(true);
    expect(has(["a"], "a", "app:")).toBe(true);
    expect(has(["b:a"], "a", "app:")).toBe(false);
  });

  test("many stars take no time", () => {
    expect(has([`${"*a".repeat(500)}*b`], "a".repeat(1_000))).toBe(false);
  });

  test("the nodes are asked about names without stars, each once", () => {
    expect(new LockFilter(["a", "b*", "a", "c"], undefined).exact).toEqual(["a", "c"]);
  });
});

describe("frames", () => {
  const aggregate = new FrameAggregate();
  aggregate.apply(beat(), noon);
  aggregate.apply({ kind: "locks", source: "a", seq: 2, time: noon, locks: [lockView()] }, noon);

  test("all are wanted where nothing is named, except of locks that are not known", () => {
    const wanted = new LockFilter([], undefined);
    expect(framesOfAllKinds.map((frame) => wanted.of(frame, aggregate))).toEqual(framesOfAllKinds);
  });

  test("of those that are not wanted nothing is left", () => {
    const wanted = new LockFilter(["other"], undefined);
    const other = step({ lock: lockView({ id: "a-2", resources: ["other"] }) });
    const frame: Frame = { kind: "steps", source: "a", seq: 3, time: noon, steps: [step(), other] };
    expect(wanted.of(frame, aggregate)).toEqual({ ...frame, steps: [other] });
    expect(wanted.of({ ...frame, steps: [step()] }, aggregate)).toBeNull();
    expect(
      wanted.of({ kind: "locks", source: "a", seq: 3, time: noon, locks: [lockView()] }, aggregate),
    ).toBeNull();
    expect(
      wanted.of({ kind: "gone", source: "a", seq: 3, time: noon, locks: ["a-9"] }, aggregate),
    ).toBeNull();
  });

  test("with a prefix only processes with this prefix are heard, and any only once it is known, until its end", () => {
    const wanted = new LockFilter([], "app:");
    const heard = new FrameAggregate();
    const locks: Frame = { kind: "locks", source: "b", seq: 1, time: noon, locks: [lockView()] };
    expect(wanted.of(locks, heard)).toBeNull();
    expect(wanted.of(beat({ source: "b", prefix: "other:" }), heard)).toBeNull();
    const own = beat({ source: "b", prefix: "app:" });
    expect(wanted.of(own, heard)).toEqual(own);
    heard.apply(own, noon);
    expect(wanted.of(locks, heard)).toEqual(locks);
    heard.apply({ kind: "bye", source: "b", seq: 2, time: noon }, noon);
    expect(wanted.of(locks, heard)).toBeNull();
  });
});
