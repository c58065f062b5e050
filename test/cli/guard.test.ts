import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deadlineIn, type TwoClocks } from "../../src/cli/deadline.js";
import { Guard, killMargin } from "../../src/cli/guard.js";

/** A job that records its signals, and lives until SIGKILL by default. */
class FakeJob {
  readonly got: [string, number][] = [];
  alive = true;
  obeys = false;
  #began = Date.now();

  signal(signal: NodeJS.Signals): void {
    this.got.push([signal, Date.now() - this.#began]);
    if (signal === "SIGKILL" || (signal === "SIGTERM" && this.obeys)) this.alive = false;
  }

  members(): readonly number[] {
    return this.alive ? [1] : [];
  }

  when(signal: string): number | undefined {
    return this.got.find(([name]) => name === signal)?.[1];
  }
}

let job: FakeJob;
let stoodStill = 0;
const clocks: TwoClocks = { monotonic: () => Date.now() - stoodStill, wall: () => Date.now() };
const grace = 1_000;

function guardOf(ended: (survivors: readonly number[]) => void = () => undefined): Guard {
  return new Guard(job, { grace, lead: 0, onEnded: ended, clocks });
}

beforeEach(() => {
  vi.useFakeTimers();
  stoodStill = 0;
  job = new FakeJob();
});
afterEach(() => vi.useRealTimers());

test("SIGTERM comes early enough for SIGKILL after the grace to come before the deadline", () => {
  guardOf().extend(deadlineIn(5_000, clocks));
  vi.advanceTimersByTime(10_000);
  expect(job.when("SIGTERM")).toBe(5_000 - killMargin - grace);
  expect(job.when("SIGKILL")).toBe(5_000 - killMargin);
});

test("a job that obeys is not killed", () => {
  job.obeys = true;
  const ended = vi.fn();
  guardOf(ended).extend(deadlineIn(5_000, clocks));
  vi.advanceTimersByTime(10_000);
  expect(job.when("SIGKILL")).toBeUndefined();
  expect(ended).toHaveBeenCalledExactlyOnceWith([]);
});

test("a deadline that is extended in time ends nothing", () => {
  const guard = guardOf();
  for (let round = 0; round < 10; round += 1) {
    guard.extend(deadlineIn(5_000, clocks));
    vi.advanceTimersByTime(2_500);
  }
  expect(job.got).toEqual([]);
});

test("a later renewal does not call off an end that has begun", () => {
  const guard = guardOf();
  guard.extend(deadlineIn(5_000, clocks));
  vi.advanceTimersByTime(4_000);
  guard.extend(deadlineIn(60_000, clocks));
  vi.advanceTimersByTime(2_000);
  expect(job.when("SIGKILL")).toBe(5_000 - killMargin);
});

test("the wall clock counts while the monotonic clock stops, as on a suspended machine", () => {
  guardOf().extend(deadlineIn(5_000, clocks));
  stoodStill = 1e9;
  vi.advanceTimersByTime(10_000);
  expect(job.when("SIGKILL")).toBe(5_000 - killMargin);
});

test("the monotonic clock counts when the wall clock stepped back", () => {
  guardOf().extend({ monotonic: clocks.monotonic() + 5_000, epoch: clocks.wall() + 1e9 });
  vi.advanceTimersByTime(10_000);
  expect(job.when("SIGKILL")).toBe(5_000 - killMargin);
});

test("without grace SIGKILL follows at once", () => {
  const guard = guardOf();
  guard.extend(deadlineIn(5_000, clocks));
  guard.end(0);
  expect(job.got.map(([signal]) => signal)).toEqual(["SIGTERM", "SIGCONT", "SIGKILL"]);
});

test("a second ending only brings SIGKILL forward", () => {
  const guard = guardOf();
  guard.extend(deadlineIn(5_000, clocks));
  guard.end(grace);
  vi.advanceTimersByTime(100);
  guard.end(200);
  guard.end(grace);
  vi.advanceTimersByTime(5_000);
  expect(job.when("SIGKILL")).toBe(300);
  expect(job.got.filter(([signal]) => signal === "SIGTERM")).toHaveLength(1);
});

test("a job that was asked to end already is not asked again, but killed in time", () => {
  const guard = guardOf();
  guard.extend(deadlineIn(5_000, clocks));
  guard.end(grace, true);
  vi.advanceTimersByTime(5_000);
  expect(job.got).toEqual([["SIGKILL", grace]]);
});

test("a job that ended by itself is left alone", () => {
  const guard = guardOf();
  guard.extend(deadlineIn(5_000, clocks));
  guard.stop();
  vi.advanceTimersByTime(10_000);
  expect(job.got).toEqual([]);
});

test("processes that survive SIGKILL are reported in bounded time", () => {
  const ended = vi.fn();
  job.members = () => [7];
  guardOf(ended).extend(deadlineIn(2_000, clocks));
  vi.advanceTimersByTime(10_000);
  expect(ended).toHaveBeenCalledExactlyOnceWith([7]);
});
