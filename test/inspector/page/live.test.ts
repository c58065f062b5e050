import { expect, test, vi } from "vitest";
import type { Step, Totals } from "../../../src/inspector/feed/frames.js";
import { isSilent } from "../../../src/inspector/feed/silence.js";
import { noTotals } from "../../../src/inspector/feed/totals.js";
import { TotalsSum } from "../../../src/inspector/feed/totals-sum.js";
import { StepFollower } from "../../../visualizations/inspector/src/chart/step-follower.js";
import { backoff } from "../../../visualizations/inspector/src/model/backoff.js";
import { mergeSteps } from "../../../visualizations/inspector/src/model/merge-steps.js";
import { maxQueueLength } from "../../../visualizations/inspector/src/model/new-steps.js";
import { Rates } from "../../../visualizations/inspector/src/model/rates.js";
import { validityOf } from "../../../visualizations/inspector/src/model/validity.js";
import { columnSummary, nodeColumns } from "../../../visualizations/inspector/src/nodes/node-table.js";
import { beat, lockView } from "../sample-frames.js";

const step = (time: number, to: string): Step => ({
  time,
  event: "E",
  from: "x",
  to,
  lock: lockView("1", { state: to }),
});

/** The states that a follower highlights until its queue is empty. */
function litBy(act: (follower: StepFollower) => void): string[] {
  vi.useFakeTimers();
  try {
    const follower = new StepFollower("idle");
    const lit: string[] = [];
    follower.lit.subscribe(({ state }) => lit.push(state));
    act(follower);
    vi.runAllTimers();
    return lit;
  } finally {
    vi.useRealTimers();
  }
}

test("steps that arrive together are shown one after the other, without omission", () => {
  const history = [step(1, "idle")];
  const lit = litBy((follower) => {
    follower.follow(history, "idle");
    history.push(step(2, "acquiring.asking"), step(2, "held"), step(2, "renewing.asking"));
    follower.follow(history, "renewing.asking");
    history.push(step(3, "held"));
    follower.follow(history, "held");
  });
  expect(lit).toEqual(["idle", "idle", "acquiring.asking", "held", "renewing.asking", "held"]);
});

test("too many steps are shortened, and the last state is right", () => {
  const history = [step(0, "idle")];
  const lit = litBy((follower) => {
    follower.follow(history, "idle");
    for (let time = 1; time <= 200; time += 1)
      history.push(step(time, time % 2 ? "held" : "renewing.asking"));
    history.push(step(201, "expired"));
    follower.follow(history, "expired");
  });
  expect(lit.length).toBeLessThanOrEqual(maxQueueLength + 2);
  expect(lit.at(-1)).toBe("expired");
});

test("a history that went back, and a state without a step, are shown directly", () => {
  const [first, second] = [step(1, "held"), step(2, "expired")];
  const lit = litBy((follower) => {
    follower.follow([first, second], "expired");
    follower.follow([first], "held");
    follower.follow([first], "releasing");
  });
  expect(lit).toEqual(["idle", "expired", "held", "releasing"]);
});

test("remembered and received steps are merged, each once and in order", () => {
  const [a, b, c] = [step(1, "held"), step(2, "releasing"), step(3, "idle")];
  expect(mergeSteps([a, { ...b }], [b, c])).toEqual([a, b, c]);
  expect(mergeSteps([a], [])).toEqual([a]);
  expect(mergeSteps([], [c])).toEqual([c]);
});

test("a rate is the growth of the totals in the last seconds, of all processes together", () => {
  const rates = new Rates();
  const addTotals = (source: string, time: number, acquired: number, receivedAt = time) =>
    rates.add({ source, time, totals: { ...noTotals, acquired } }, receivedAt);
  addTotals("a", 0, 1_000);
  expect(rates.of("acquired", 0)).toBe(0);
  for (let second = 1; second <= 20; second += 1) addTotals("a", second * 1_000, 1_000 + second * 40);
  // The clock of this process is behind.
  addTotals("b", 500, 0, 19_000);
  addTotals("b", 1_500, 2, 20_000);
  expect(rates.of("acquired", 20_000)).toBeCloseTo(42);
  // The process counts from zero again.
  addTotals("b", 2_500, 0, 21_000);
  expect(rates.of("acquired", 21_000)).toBeCloseTo(40);
  // The first process is silent now.
  expect(rates.of("acquired", 25_100)).toBe(0);
  rates.remove("b");
  expect(rates.of("acquired", 21_000)).toBeCloseTo(40);
});

test("totals are summed, never fall when a process is forgotten, and count from the first one on", () => {
  const sum = new TotalsSum();
  const from = (...all: readonly (readonly [source: string, acquired: number, since: number])[]) =>
    new Map(
      all.map(([source, acquired, since]) => {
        const totals: Totals = { ...noTotals, acquired };
        return [
          source,
          { beat: beat(source, { totals, since }), receivedAt: 0, lag: 10, completeUntil: 0, closed: false },
        ];
      }),
    );
  expect(sum.view.since).toBeNull();
  expect(sum.add({ sources: from(["a", 2, 100], ["b", 3, 200]) }).counts).toEqual({
    ...noTotals,
    acquired: 5,
  });
  expect(sum.add({ sources: from(["b", 4, 200]) }).counts.acquired).toBe(6);
  expect(sum.view.since).toBe(110);
  // It comes back, and is not counted twice.
  expect(sum.add({ sources: from(["a", 3, 100], ["b", 4, 200]) }).counts.acquired).toBe(7);
});

test("a process is silent if it has missed some beats and is not closed", () => {
  const view = {
    beat: beat("here", { time: 9_000 }),
    receivedAt: 10_000,
    lag: 1_000,
    completeUntil: 10_000,
    closed: false,
  };
  expect([10_000, 13_900, 14_100].map((now) => isSilent(view, now))).toEqual([false, false, true]);
  expect(isSilent({ ...view, closed: true }, 99_000)).toBe(false);
});

test("a column of the nodes says what processes that are heard say, or that there are none", () => {
  const of = (name: string, time: number, state: "ready" | "down") => {
    const node = { name: "7711", state, cause: null, until: null, p50: 1, p99: 1, step: null };
    return {
      beat: beat(name, { time, nodes: [node] }),
      receivedAt: time,
      lag: 0,
      completeUntil: time,
      closed: false,
    };
  };
  const [column] = nodeColumns([of("dead", 1_000, "down"), of("alive", 19_000, "ready")], 20_000);
  expect(column).toEqual({ name: "7711", worst: "ready", processes: 1, without: 0 });
  const [unheard] = nodeColumns([of("dead", 1_000, "ready")], 20_000);
  expect(unheard?.worst).toBe("unknown");
  expect(columnSummary(unheard!)).toBe("no process is heard");
});

test("the remaining share of a lease is between 0 and 1", () => {
  const lease = { validUntil: 10_000, ttl: 4_000 };
  expect(validityOf(lease, 9_000)).toEqual({ left: 1_000, fraction: 0.25 });
  expect(validityOf(lease, 11_000)).toEqual({ left: 0, fraction: 0 });
  expect(validityOf(lease, 0)).toEqual({ left: 10_000, fraction: 1 });
  expect(validityOf({ validUntil: null, ttl: 4_000 }, 0)).toBeNull();
});

test("the delay between connection attempts grows up to a limit", () => {
  expect([1, 2, 3, 4, 5, 50].map(backoff)).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});
