import { afterEach, describe, expect, it, vi } from "vitest";
import type { Clock, Timer } from "../../src/engine/time/clock.js";
import { SystemClock } from "../../src/engine/time/system-clock.js";
import { TickBatcher } from "../../src/engine/time/tick-batcher.js";
import { TimerEntry, TimerWheel } from "../../src/engine/time/timer-wheel.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";

/** A timer entry that logs its name when it is due and then runs a callback. */
class LoggedEntry extends TimerEntry {
  constructor(
    readonly name: string,
    private readonly log: string[],
    private readonly then: () => void = () => {},
  ) {
    super();
  }

  due(): void {
    this.log.push(this.name);
    this.then();
  }
}

function setUp() {
  const clock = new VirtualClock();
  const log: string[] = [];
  const entry = (name: string, then?: () => void) => new LoggedEntry(name, log, then);
  return { clock, log, entry, timerWheel: new TimerWheel(clock, new TickBatcher(false)) };
}

describe("a timer wheel", () => {
  it("calls the entries of one ms in the order in which they were scheduled, with one timer", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    for (const name of ["a", "b", "c"]) timerWheel.schedule(entry(name), 9.5 + log.length);
    timerWheel.schedule(entry("before"), 9);
    timerWheel.schedule(entry("d"), 10);
    expect(clock.pending).toBe(2);
    await clock.advance(9);
    expect(log).toEqual(["before"]);
    await clock.advance(1);
    expect(log).toEqual(["before", "a", "b", "c", "d"]);
    expect(clock.pending).toBe(0);
  });

  it("calls no entry early, and calls each entry at most 1 ms late", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    await clock.advance(0.25);
    expect(timerWheel.schedule(entry("a"), 10)).toBe(11);
    timerWheel.schedule(entry("at once"), -5);
    await clock.advance(9.99);
    expect(log).toEqual(["at once"]);
    await clock.advance(0.76);
    expect(log).toEqual(["at once", "a"]);
  });

  it.each([
    ["first", ["b", "c"]],
    ["middle", ["a", "c"]],
    ["last", ["a", "b"]],
  ])("removes the %s entry of a ms and keeps the order of the others", async (which, left) => {
    const { clock, log, entry, timerWheel } = setUp();
    const all = ["a", "b", "c"].map((name) => entry(name));
    for (const one of all) timerWheel.schedule(one, 10);
    const off = all[["first", "middle", "last"].indexOf(which)] as LoggedEntry;
    timerWheel.remove(off);
    timerWheel.remove(off);
    timerWheel.schedule(entry("d"), 10);
    await clock.advance(10);
    expect(log).toEqual([...left, "d"]);
    expect(clock.pending).toBe(0);
  });

  it("cancels the timer when all entries of a ms are removed, and accepts these entries again", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    const [a, b] = [entry("a"), entry("b")];
    timerWheel.schedule(a, 10);
    timerWheel.schedule(b, 10);
    timerWheel.remove(a);
    expect(clock.pending).toBe(1);
    timerWheel.remove(b);
    expect(clock.pending).toBe(0);
    timerWheel.schedule(b, 10);
    timerWheel.schedule(a, 20);
    await clock.advance(20);
    expect(log).toEqual(["b", "a"]);
  });

  it("does not call an entry that another entry of the same ms removed, and calls an entry that it scheduled", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    const off = entry("off");
    const again = entry("again");
    timerWheel.schedule(
      entry("a", () => {
        timerWheel.remove(off);
        timerWheel.schedule(again, 0);
      }),
      10,
    );
    timerWheel.schedule(off, 10);
    timerWheel.schedule(entry("b"), 10);
    await clock.advance(10);
    expect(log).toEqual(["a", "b", "again"]);
    expect(clock.pending).toBe(0);
  });

  it("accepts an entry that schedules itself again whenever it is due", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    const one: LoggedEntry = entry("tick", () => timerWheel.schedule(one, 10));
    const only: LoggedEntry = entry("now", () => log.length < 4 && timerWheel.schedule(only, 0));
    timerWheel.schedule(one, 10);
    timerWheel.schedule(only, 10);
    await clock.advance(35);
    expect(log).toEqual(["tick", "now", "now", "now", "tick", "tick"]);
    expect(clock.pending).toBe(1);
    timerWheel.remove(one);
    expect(clock.pending).toBe(0);
  });

  it("keeps waiting when a timer fires early", () => {
    let time = 0;
    const timers = new Set<() => void>();
    const clock: Clock = {
      monotonic: () => time,
      wall: () => time,
      after(_, callback): Timer {
        timers.add(callback);
        return { cancel: () => timers.delete(callback) };
      },
    };
    const fire = () => {
      const [callback] = timers;
      if (callback === undefined) throw new Error("no timer is set");
      timers.delete(callback);
      callback();
    };
    const log: string[] = [];
    const timerWheel = new TimerWheel(clock, new TickBatcher(false));
    const other = new LoggedEntry("b", log);
    timerWheel.schedule(new LoggedEntry("a", log), 10);
    timerWheel.schedule(other, 10);
    for (time of [9.2, 9.9]) fire();
    expect(log).toEqual([]);
    expect(timers.size).toBe(1);
    timerWheel.remove(other);
    time = 10;
    fire();
    expect(log).toEqual(["a"]);
    expect(timers.size).toBe(0);
  });

  it("calls thousands of entries in order of time and then of scheduling, whichever entries are removed", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    const all = Array.from({ length: 20_000 }, (_, index) => ({
      index,
      time: 1 + ((index * 7_919) % 50),
      one: entry(String(index)),
    }));
    for (const { one, time } of all) timerWheel.schedule(one, time);
    expect(clock.pending).toBe(50);
    for (const { one, index } of all) if (index % 3 === 0) timerWheel.remove(one);
    const kept = all.filter(({ index }) => index % 3 !== 0);
    kept.sort((one, other) => one.time - other.time || one.index - other.index);
    await clock.advance(50);
    expect(log).toEqual(kept.map(({ index }) => String(index)));
    expect(clock.pending).toBe(0);
  });
});

describe("a timer wheel before the end of the tick", () => {
  it("sets one timer for each ms, at the end of the tick, and none for a ms without entries", async () => {
    const clock = new VirtualClock();
    const after = vi.spyOn(clock, "after");
    const timerWheel = new TimerWheel(clock, new TickBatcher(true));
    const log: string[] = [];
    for (const name of ["a", "b", "c"]) {
      const one = new LoggedEntry(name, log);
      timerWheel.schedule(one, 10);
      if (name !== "c") timerWheel.remove(one);
    }
    expect(after).not.toHaveBeenCalled();
    await settle();
    expect(after).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(log).toEqual(["c"]);
    const off = new LoggedEntry("off", log);
    timerWheel.schedule(off, 10);
    timerWheel.remove(off);
    await settle();
    expect(after).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(0);
  });

  it("keeps the timer of a ms without entries until the end of a later tick", async () => {
    const clock = new VirtualClock();
    const after = vi.spyOn(clock, "after");
    const timerWheel = new TimerWheel(clock, new TickBatcher(true));
    const log: string[] = [];
    const [one, other] = [new LoggedEntry("one", log), new LoggedEntry("other", log)];
    timerWheel.schedule(one, 10);
    await settle();
    timerWheel.remove(one);
    expect(clock.pending).toBe(1);
    timerWheel.schedule(other, 10);
    await settle();
    expect(after).toHaveBeenCalledOnce();
    timerWheel.remove(other);
    await settle();
    expect(clock.pending).toBe(0);
    await clock.advance(10);
    expect(log).toEqual([]);
  });
});

describe("a timer wheel with other entries", () => {
  it("keeps the timer of a ms without entries, and cancels it when the last entry has run or is removed", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    const after = vi.spyOn(clock, "after");
    for (const end of ["runs", "is removed"]) {
      const other = entry("other");
      timerWheel.schedule(other, 5);
      for (const name of ["a", "b", "c"]) {
        const one = entry(name);
        timerWheel.schedule(one, 10);
        timerWheel.remove(one);
      }
      expect(clock.pending, end).toBe(2);
      if (end === "runs") await clock.advance(5);
      else timerWheel.remove(other);
      expect(clock.pending, end).toBe(0);
    }
    expect(log).toEqual(["other"]);
    expect(after).toHaveBeenCalledTimes(4);
  });

  it("keeps a limited number of timers without entries", () => {
    const { clock, entry, timerWheel } = setUp();
    timerWheel.schedule(entry("other"), 5_000);
    for (let delay = 1; delay <= 1_000; delay++) {
      const one = entry("off");
      timerWheel.schedule(one, delay);
      timerWheel.remove(one);
      expect(clock.pending).toBeLessThanOrEqual(65);
    }
  });

  it("calls an entry of a ms whose timer was kept, and of one whose timer was cancelled", async () => {
    const { clock, log, entry, timerWheel } = setUp();
    timerWheel.schedule(entry("other"), 50);
    for (let delay = 1; delay <= 100; delay++) {
      const one = entry("off");
      timerWheel.schedule(one, delay);
      timerWheel.remove(one);
    }
    timerWheel.schedule(entry("kept"), 99);
    timerWheel.schedule(entry("cancelled"), 3);
    await clock.advance(100);
    expect(log).toEqual(["cancelled", "other", "kept"]);
    expect(clock.pending).toBe(0);
  });
});

describe("a timer wheel with the system clock", () => {
  afterEach(() => vi.useRealTimers());

  it("waits for longer than the maximum of Node's timers", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    const log: string[] = [];
    const timerWheel = new TimerWheel(new SystemClock(), new TickBatcher(false));
    timerWheel.schedule(new LoggedEntry("late", log), 2 ** 31 + 5_000);
    vi.advanceTimersByTime(2 ** 31 + 4_998);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(3);
    expect(log).toEqual(["late"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
