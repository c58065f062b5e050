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

  test("without names everything matches, and one of several names suffices", () => {
    expect(has([], "anything")).toBe(true);
    expect(has(["a", "b*"], "bc")).toBe(true);
    expect(new LockFilter(["b"], undefined).has(lockView({ resources: ["a", "b"] }), "")).toBe(true);
  });

  test("a name may include the prefix", () => {
    expect(has(["app:a"], "a", "app:")).toBe(true);
    expect(has(["a"], "a", "app:")).toBe(true);
    expect(has(["b:a"], "a", "app:")).toBe(false);
  });

  test("many stars are fast", () => {
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

  test("all pass without names, except ids of unknown locks", () => {
    const wanted = new LockFilter([], undefined);
    expect(framesOfAllKinds.map((frame) => wanted.of(frame, aggregate))).toEqual(framesOfAllKinds);
  });

  test("frames that do not match are dropped", () => {
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

  test("with a prefix only processes with this prefix pass, from their first beat to their end", () => {
    const wanted = new LockFilter([], "app:");
    const aggregate = new FrameAggregate();
    const locks: Frame = { kind: "locks", source: "b", seq: 1, time: noon, locks: [lockView()] };
    expect(wanted.of(locks, aggregate)).toBeNull();
    expect(wanted.of(beat({ source: "b", prefix: "other:" }), aggregate)).toBeNull();
    const own = beat({ source: "b", prefix: "app:" });
    expect(wanted.of(own, aggregate)).toEqual(own);
    aggregate.apply(own, noon);
    expect(wanted.of(locks, aggregate)).toEqual(locks);
    aggregate.apply({ kind: "bye", source: "b", seq: 2, time: noon }, noon);
    expect(wanted.of(locks, aggregate)).toBeNull();
  });
});
