import { afterEach, describe, expect, it, vi } from "vitest";
import { elapsed, now, systemClock } from "../../src/engine/time/clock.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";

describe("time", () => {
  afterEach(() => vi.useRealTimers());

  it("has passed by the worse of two clocks", () => {
    const clock = new VirtualClock();
    const start = now(clock);
    clock.stepWall(5_000);
    expect(elapsed(clock, start)).toBe(5_000);
    clock.stepWall(-60_000);
    clock.stall(700);
    expect(elapsed(clock, start)).toBe(700);
  });

  it("is never negative", () => {
    const clock = new VirtualClock();
    const start = now(clock);
    clock.stepWall(-5_000);
    expect(elapsed(clock, start)).toBe(0);
  });

  it("has timers beyond what Node can set at once", () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    systemClock.after(2 ** 31 + 5_000, callback);
    vi.advanceTimersByTime(2 ** 31 + 4_999);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("forgets a cancelled timer, however long it was", () => {
    vi.useFakeTimers();
    const timer = systemClock.after(Number.MAX_SAFE_INTEGER, () => {
      throw new Error("cancelled");
    });
    vi.advanceTimersByTime(2 ** 32);
    timer.cancel();
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});
