import { expect, test } from "vitest";
import type { Step } from "../../../src/inspector/feed/frames.js";
import { heatOf, warmth } from "../../../visualizations/inspector/src/chart/heat.js";
import { foldAsks } from "../../../visualizations/inspector/src/model/asks.js";
import { lockView } from "../sample-frames.js";

const step = (time: number, event: string, from: string, to: string, changes = {}): Step => ({
  time,
  event,
  from,
  to,
  lock: lockView("1", { state: to, reason: "contended", ...changes }),
});

const ask = (time: number) => step(time, "RETRY", "acquiring.waiting", "acquiring.asking");
const denied = (time: number) => step(time, "DENIED", "acquiring.asking", "acquiring.waiting");

test("what a waiter in line asks again and again becomes one entry", () => {
  const waits = [1, 2, 3, 4].flatMap((round) => [ask(round * 400), denied(round * 400 + 2)]);
  const granted = step(2_000, "GRANTED", "acquiring.asking", "held");
  const entries = foldAsks([step(0, "ACQUIRE", "idle", "acquiring.asking"), denied(1), ...waits, granted]);
  expect(entries.map((entry) => (entry.kind === "asks" ? `asked ${entry.count}` : entry.step.event))).toEqual(
    ["ACQUIRE", "DENIED", "asked 4", "GRANTED"],
  );
});

test("few questions, and attempts after a failure, stay entries of their own", () => {
  expect(foldAsks([ask(1), denied(2), ask(3), denied(4)])).toHaveLength(4);
  const failed = [1, 2, 3, 4].map((time) =>
    step(time, "RETRY", "acquiring.waiting", "acquiring.asking", { reason: "noQuorum" }),
  );
  expect(foldAsks(failed)).toHaveLength(4);
});

test("heat counts each arrow, and how long each state lasted, lock by lock", () => {
  const life = (id: string, start: number) =>
    [
      step(start, "ACQUIRE", "idle", "acquiring.asking"),
      step(start + 10, "GRANTED", "acquiring.asking", "held"),
      step(start + 110, "RENEW", "held", "renewing.asking"),
      step(start + 112, "NO_QUORUM", "renewing.asking", "renewing.retrying"),
      step(start + 150, "RENEW", "renewing.retrying", "renewing.asking"),
      step(start + 152, "RENEWED", "renewing.asking", "held"),
    ].map((one) => ({ ...one, lock: { ...one.lock, id } }));
  const { steps, arrows, stays } = heatOf("overview", [...life("1", 0), ...life("2", 1_000)]);
  expect(steps).toBe(12);
  expect(Object.fromEntries(arrows)).toEqual({ acquire: 2, grant: 2, renew: 2, "no-quorum": 4, renewed: 2 });
  expect(Object.fromEntries(stays)).toEqual({
    acquiring: { count: 2, total: 20 },
    held: { count: 2, total: 200 },
    renewing: { count: 2, total: 84 },
  });
  const full = heatOf("lock", life("1", 0));
  expect(full.stays.get("renewing.retrying")).toEqual({ count: 1, total: 38 });
  expect(full.arrows.get("held>renewing")).toBe(1);
});

test("the arrow that was taken most is warmest, and one that was not taken is cold", () => {
  expect([0, 1, 30, 60, 100].map((count) => warmth(count, 100))).toEqual([0, 1, 2, 3, 4]);
  expect(warmth(0, 0)).toBe(0);
});
