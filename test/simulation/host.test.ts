import { describe, expect, it } from "vitest";
import { Host } from "../../src/testing/simulator/host.js";
import { SeededRandom } from "../../src/testing/simulator/seeded-random.js";
import { Timeline } from "../../src/testing/simulator/timeline.js";

/** A process whose clock runs at true time, and a record of its events. */
function process() {
  const timeline = new Timeline();
  const host = new Host("h", timeline, new SeededRandom(1), { rate: 1, wallRate: 1, ahead: 0 });
  const happened: string[] = [];
  const note = (what: string) => () => void happened.push(what);
  return { timeline, host, happened, note };
}

describe("a simulated event loop that was busy", () => {
  it("runs its timers first, then network input, and then deferred callbacks", async () => {
    const { timeline, host, happened, note } = process();
    host.clock.after(10, () => {
      happened.push("timer");
      host.clock.afterPoll(note("after the network"));
    });
    host.freeze();
    timeline.at(5, () => host.run(note("reply")));
    timeline.at(20, () => host.run(note("second reply")));
    timeline.at(100, () => host.thaw());
    await timeline.run(99);
    expect(happened).toEqual([]);
    await timeline.run(200);
    expect(happened).toEqual(["timer", "reply", "second reply", "after the network"]);
  });

  it("does nothing between two ticks, and runs all callbacks of a tick together", async () => {
    const { timeline, host } = process();
    const times: number[] = [];
    const again = () => {
      times.push(Math.round(timeline.now / 100));
      host.clock.after(1, again);
    };
    host.lag(600, 3_000);
    again();
    await timeline.run(3_500);
    // Every 600 ms during the lag, and every ms afterwards.
    expect(times.slice(0, 6)).toEqual([0, 6, 12, 18, 24, 30]);
    expect(times.filter((time) => time > 30).length).toBeGreaterThan(100);
  });

  it("calls back after network input even if it is not busy, and never synchronously", async () => {
    const { timeline, host, happened, note } = process();
    timeline.at(10, () => host.run(note("reply")));
    timeline.at(10, () => {
      host.clock.afterPoll(note("after the network"));
      happened.push("asked");
    });
    timeline.at(10, () => host.run(note("second reply")));
    await timeline.run(20);
    expect(happened).toEqual(["reply", "asked", "second reply", "after the network"]);
  });
});
