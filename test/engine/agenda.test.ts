import { afterEach, describe, expect, it, vi } from "vitest";
import { type Clock, systemClock, type Timer } from "../../src/engine/time/clock.js";
import { Turn } from "../../src/engine/time/tick-batcher.js";
import { Agenda, Appointment } from "../../src/engine/time/timer-wheel.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";

/** Notes its name when it is due, and does something then. */
class Noted extends Appointment {
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

function world() {
  const clock = new VirtualClock();
  const log: string[] = [];
  const noted = (name: string, then?: () => void) => new Noted(name, log, then);
  return { clock, log, noted, agenda: new Agenda(clock, new Turn(false)) };
}

describe("an agenda", () => {
  it("calls what is due in one ms in the order in which it was put there, with one timer", async () => {
    const { clock, log, noted, agenda } = world();
    for (const name of ["a", "b", "c"]) agenda.put(noted(name), 9.5 + log.length);
    agenda.put(noted("before"), 9);
    agenda.put(noted("d"), 10);
    expect(clock.pending).toBe(2);
    await clock.advance(9);
    expect(log).toEqual(["before"]);
    await clock.advance(1);
    expect(log).toEqual(["before", "a", "b", "c", "d"]);
    expect(clock.pending).toBe(0);
  });

  it("calls nothing before its time, and at most one ms late", async () => {
    const { clock, log, noted, agenda } = world();
    await clock.advance(0.25);
    expect(agenda.put(noted("a"), 10)).toBe(11);
    agenda.put(noted("at once"), -5);
    await clock.advance(9.99);
    expect(log).toEqual(["at once"]);
    await clock.advance(0.76);
    expect(log).toEqual(["at once", "a"]);
  });

  it.each([
    ["first", ["b", "c"]],
    ["middle", ["a", "c"]],
    ["last", ["a", "b"]],
  ])("forgets the %s of a ms, and keeps the order of the others", async (which, left) => {
    const { clock, log, noted, agenda } = world();
    const all = ["a", "b", "c"].map((name) => noted(name));
    for (const one of all) agenda.put(one, 10);
    const off = all[["first", "middle", "last"].indexOf(which)] as Noted;
    agenda.remove(off);
    agenda.remove(off);
    agenda.put(noted("d"), 10);
    await clock.advance(10);
    expect(log).toEqual([...left, "d"]);
    expect(clock.pending).toBe(0);
  });

  it("leaves no timer behind when all of a ms are taken off, and may be put there again", async () => {
    const { clock, log, noted, agenda } = world();
    const [a, b] = [noted("a"), noted("b")];
    agenda.put(a, 10);
    agenda.put(b, 10);
    agenda.remove(a);
    expect(clock.pending).toBe(1);
    agenda.remove(b);
    expect(clock.pending).toBe(0);
    agenda.put(b, 10);
    agenda.put(a, 20);
    await clock.advance(20);
    expect(log).toEqual(["b", "a"]);
  });

  it("does not call what is taken off by something due in the same ms, and calls what is put there then", async () => {
    const { clock, log, noted, agenda } = world();
    const off = noted("off");
    const again = noted("again");
    agenda.put(
      noted("a", () => {
        agenda.remove(off);
        agenda.put(again, 0);
      }),
      10,
    );
    agenda.put(off, 10);
    agenda.put(noted("b"), 10);
    await clock.advance(10);
    expect(log).toEqual(["a", "b", "again"]);
    expect(clock.pending).toBe(0);
  });

  it("takes back what puts itself there anew whenever it is due", async () => {
    const { clock, log, noted, agenda } = world();
    const one: Noted = noted("tick", () => agenda.put(one, 10));
    const only: Noted = noted("now", () => log.length < 4 && agenda.put(only, 0));
    agenda.put(one, 10);
    agenda.put(only, 10);
    await clock.advance(35);
    expect(log).toEqual(["tick", "now", "now", "now", "tick", "tick"]);
    expect(clock.pending).toBe(1);
    agenda.remove(one);
    expect(clock.pending).toBe(0);
  });

  it("waits on where a timer goes off early", () => {
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
    const ring = () => {
      const [callback] = timers;
      if (callback === undefined) throw new Error("no timer is set");
      timers.delete(callback);
      callback();
    };
    const log: string[] = [];
    const agenda = new Agenda(clock, new Turn(false));
    const other = new Noted("b", log);
    agenda.put(new Noted("a", log), 10);
    agenda.put(other, 10);
    for (time of [9.2, 9.9]) ring();
    expect(log).toEqual([]);
    expect(timers.size).toBe(1);
    agenda.remove(other);
    time = 10;
    ring();
    expect(log).toEqual(["a"]);
    expect(timers.size).toBe(0);
  });

  it("keeps thousands, at any times, in order of time and then of arrival, whatever is taken off", async () => {
    const { clock, log, noted, agenda } = world();
    const all = Array.from({ length: 20_000 }, (_, index) => ({
      index,
      time: 1 + ((index * 7_919) % 50),
      one: noted(String(index)),
    }));
    for (const { one, time } of all) agenda.put(one, time);
    expect(clock.pending).toBe(50);
    for (const { one, index } of all) if (index % 3 === 0) agenda.remove(one);
    const kept = all.filter(({ index }) => index % 3 !== 0);
    kept.sort((one, other) => one.time - other.time || one.index - other.index);
    await clock.advance(50);
    expect(log).toEqual(kept.map(({ index }) => String(index)));
    expect(clock.pending).toBe(0);
  });
});

describe("an agenda whose turn is not over", () => {
  it("keeps the timer of a ms in which nothing is due any more, until the turn is over", async () => {
    const clock = new VirtualClock();
    const after = vi.spyOn(clock, "after");
    const agenda = new Agenda(clock, new Turn(true));
    const log: string[] = [];
    for (const name of ["a", "b", "c"]) {
      const one = new Noted(name, log);
      agenda.put(one, 10);
      if (name !== "c") agenda.remove(one);
    }
    expect(after).toHaveBeenCalledOnce();
    await settle();
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(log).toEqual(["c"]);
    const off = new Noted("off", log);
    agenda.put(off, 10);
    agenda.remove(off);
    expect(clock.pending).toBe(1);
    await settle();
    expect(clock.pending).toBe(0);
  });
});

describe("an agenda by the system's clock", () => {
  afterEach(() => vi.useRealTimers());

  it("waits for longer than Node's timers can", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    const log: string[] = [];
    const agenda = new Agenda(systemClock, new Turn(false));
    agenda.put(new Noted("late", log), 2 ** 31 + 5_000);
    vi.advanceTimersByTime(2 ** 31 + 4_998);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(3);
    expect(log).toEqual(["late"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
