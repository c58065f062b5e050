import { afterEach, describe, expect, it, vi } from "vitest";
import { elapsed, now } from "../../src/engine/time/clock.js";
import { SystemClock } from "../../src/engine/time/system-clock.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";

describe("a virtual clock", () => {
  const wrong = [Number.NaN, Number.POSITIVE_INFINITY, "5" as never, undefined as never];

  it.each([...wrong, -5])("refuses to advance by %j ms, and stays as it was", async (ms) => {
    const clock = new VirtualClock();
    const before = now(clock);
    await expect(clock.advance(ms)).rejects.toThrow(/^ms must be a finite number of ms, at least 0; got/);
    expect(() => clock.stall(ms)).toThrow(/^ms must be a finite number of ms, at least 0; got/);
    expect(now(clock)).toEqual(before);
  });

  it.each(wrong)("refuses to step the wall clock by %j ms, and to begin at such a time", (ms) => {
    const clock = new VirtualClock();
    const before = now(clock);
    expect(() => clock.stepWall(ms)).toThrow(/^ms must be a finite number of ms; got/);
    expect(now(clock)).toEqual(before);
    expect(() => new VirtualClock(ms ?? null)).toThrow(/^elapsed must be a finite number of ms; got/);
    expect(() => new VirtualClock(0, ms ?? null)).toThrow(/^offset must be a finite number of ms; got/);
  });
});

describe("the clock", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("measures elapsed time by the clock that advanced further", () => {
    const clock = new VirtualClock();
    const start = now(clock);
    clock.stepWall(5_000);
    expect(elapsed(clock, start)).toBe(5_000);
    clock.stepWall(-60_000);
    clock.stall(700);
    expect(elapsed(clock, start)).toBe(700);
  });

  it("never reports negative elapsed time", () => {
    const clock = new VirtualClock();
    const start = now(clock);
    clock.stepWall(-5_000);
    expect(elapsed(clock, start)).toBe(0);
  });

  it("supports timers beyond the maximum of Node's timers", () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    new SystemClock().after(2 ** 31 + 5_000, callback);
    vi.advanceTimersByTime(2 ** 31 + 4_999);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("never calls back synchronously, even if a test has put in a setTimeout that does", async () => {
    const { setImmediate } = globalThis;
    const later = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    vi.stubGlobal("setTimeout", (callback: () => void) => {
      callback();
      return 0;
    });
    const clock = new SystemClock();
    const [kept, cancelled] = [vi.fn(), vi.fn()];
    clock.after(5, kept);
    clock.after(5, cancelled).cancel();
    expect(kept).not.toHaveBeenCalled();
    await later();
    expect(kept).toHaveBeenCalledOnce();
    expect(cancelled).not.toHaveBeenCalled();
  });

  it("leaves no timer after a cancellation, however long the delay was", () => {
    vi.useFakeTimers();
    const timer = new SystemClock().after(Number.MAX_SAFE_INTEGER, () => {
      throw new Error("cancelled");
    });
    vi.advanceTimersByTime(2 ** 32);
    timer.cancel();
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});
