import { afterEach, describe, expect, it, vi } from "vitest";
import { SystemTime } from "../../src/engine/time/system-time.js";

describe("the monotonic clock of the process", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("is performance.now() while nothing is replaced, whatever the wall clock does", () => {
    const time = new SystemTime(() => {});
    const before = performance.now();
    const read = time.monotonic();
    expect(read).toBeGreaterThanOrEqual(before);
    expect(read).toBeLessThanOrEqual(performance.now());
  });

  it("continues without a step when functions are replaced and put back, and says so once each time", () => {
    const replaced = vi.fn();
    const time = new SystemTime(replaced);
    const start = time.monotonic();
    vi.useFakeTimers({ now: 0 });
    const faked = time.monotonic();
    expect(faked).toBeGreaterThanOrEqual(start);
    vi.advanceTimersByTime(5_000);
    expect(time.monotonic() - faked).toBeCloseTo(5_000);
    expect(replaced).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
    expect(time.monotonic()).toBeGreaterThanOrEqual(faked + 5_000);
    expect(replaced).toHaveBeenCalledTimes(2);
  });

  it("follows a replaced Date forwards, and never backwards", () => {
    const now = vi.spyOn(Date, "now").mockReturnValue(10_000);
    const time = new SystemTime(() => {});
    const start = time.monotonic();
    now.mockReturnValue(70_000);
    const later = time.monotonic();
    expect(later - start).toBeGreaterThan(59_900);
    now.mockReturnValue(0);
    expect(time.monotonic()).toBeGreaterThanOrEqual(later);
    vi.restoreAllMocks();
    expect(time.monotonic()).toBeGreaterThanOrEqual(later);
  });
});
