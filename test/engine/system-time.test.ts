import { mock } from "node:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SystemClock } from "../../src/engine/time/system-clock.js";
import { SystemTime } from "../../src/engine/time/system-time.js";

type Fake = NonNullable<NonNullable<Parameters<typeof vi.useFakeTimers>[0]>["toFake"]>[number];

const timers: readonly Fake[] = ["setTimeout", "clearTimeout"];

/** A wall clock of our time: sums of such numbers with fractions are not exact. */
const start = 1_764_504_000_123;

/** Spends real time, of more than a ms. */
function spend(): void {
  const begin = process.hrtime.bigint();
  while (process.hrtime.bigint() - begin < 1_500_000n);
}

describe("the monotonic clock of the process", () => {
  afterEach(() => {
    mock.timers.reset();
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
    const begin = time.monotonic();
    vi.useFakeTimers({ now: 0 });
    const faked = time.monotonic();
    expect(faked).toBeGreaterThanOrEqual(begin);
    vi.advanceTimersByTime(5_000);
    expect(time.monotonic() - faked).toBe(5_000);
    expect(replaced).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
    expect(time.monotonic()).toBeGreaterThanOrEqual(faked + 5_000);
    expect(replaced).toHaveBeenCalledTimes(2);
  });

  it("follows a replaced Date forwards, and never backwards", () => {
    const now = vi.spyOn(Date, "now").mockReturnValue(10_000);
    const time = new SystemTime(() => {});
    const begin = time.monotonic();
    now.mockReturnValue(70_000);
    const later = time.monotonic();
    expect(later - begin).toBeGreaterThan(59_900);
    now.mockReturnValue(0);
    expect(time.monotonic()).toBeGreaterThanOrEqual(later);
    vi.restoreAllMocks();
    expect(time.monotonic()).toBeGreaterThanOrEqual(later);
  });

  const fakes: Record<string, { replace(): void; advance(ms: number): void }> = {
    "Date and the timers": {
      replace: () => vi.useFakeTimers({ toFake: [...timers, "Date"], now: start }),
      advance: (ms) => vi.advanceTimersByTime(ms),
    },
    "Date, performance and the timers": {
      replace: () => vi.useFakeTimers({ toFake: [...timers, "Date", "performance"], now: start }),
      advance: (ms) => vi.advanceTimersByTime(ms),
    },
    "performance and the timers": {
      replace: () => vi.useFakeTimers({ toFake: [...timers, "performance"], now: start }),
      advance: (ms) => vi.advanceTimersByTime(ms),
    },
    "Date and the timers by node:test": {
      replace: () => mock.timers.enable({ apis: ["setTimeout", "Date"], now: start }),
      advance: (ms) => mock.timers.tick(ms),
    },
  };

  describe.each(Object.entries(fakes))("with fakes of %s", (_, { replace, advance }) => {
    it.each(["before the clock is first read", "after that"])(
      "advances by what the test says, faked %s",
      (order) => {
        if (order === "before the clock is first read") replace();
        const clock = new SystemClock();
        const real = clock.monotonic();
        if (order === "after that") replace();
        for (const delay of [1, 999, 1_000, 30_000.5]) {
          spend();
          const begin = clock.monotonic();
          expect(begin).toBeGreaterThanOrEqual(real);
          const due = vi.fn(() => clock.monotonic() - begin);
          clock.after(delay, due);
          advance(Math.ceil(delay) - 1);
          expect(due).not.toHaveBeenCalled();
          spend();
          advance(1);
          expect(due).toHaveReturnedWith(Math.ceil(delay));
        }
      },
    );

    it("continues with real time when the functions are put back", () => {
      const clock = new SystemClock();
      replace();
      clock.monotonic();
      advance(5_000);
      const faked = clock.monotonic();
      mock.timers.reset();
      vi.useRealTimers();
      const real = clock.monotonic();
      expect(real).toBeGreaterThanOrEqual(faked);
      spend();
      expect(clock.monotonic()).toBeGreaterThan(real + 1);
      expect(clock.monotonic()).toBeLessThan(faked + 5_000);
    });
  });

  it.each(["Date", "performance"] as const)(
    "advances if a test sets the timers and %s, and sets it back",
    (advanced) => {
      vi.useFakeTimers({ toFake: [...timers, "Date", "performance"], now: start });
      const now = vi.spyOn(advanced === "Date" ? performance : Date, "now").mockReturnValue(0);
      const clock = new SystemClock();
      const begin = clock.monotonic();
      vi.advanceTimersByTime(1_000);
      expect(clock.monotonic() - begin).toBe(1_000);
      now.mockRestore();
    },
  );

  it("counts the steps of time after a test has set the date back", () => {
    vi.useFakeTimers({ toFake: [...timers, "Date"], now: start });
    const clock = new SystemClock();
    const begin = clock.monotonic();
    vi.setSystemTime(0);
    expect(clock.monotonic()).toBe(begin);
    vi.advanceTimersByTime(1_000);
    expect(clock.monotonic()).toBe(begin + 1_000);
  });

  it("follows the real clock with a replaced Date as long as the timers are the real ones", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: start });
    const clock = new SystemClock();
    const begin = clock.monotonic();
    spend();
    expect(clock.monotonic()).toBeGreaterThan(begin + 1);
    vi.setSystemTime(start + 3_600_000);
    expect(clock.monotonic()).toBeGreaterThan(begin + 3_500_000);
  });

  it("keeps its value if a replaced Date returns nothing", () => {
    vi.spyOn(Date, "now").mockReturnValue(undefined as never);
    const clock = new SystemClock();
    const begin = clock.monotonic();
    spend();
    expect(clock.monotonic()).toBeGreaterThan(begin + 1);
  });
});
