import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { FailureDetector } from "../../src/engine/node/failure-detector.js";
import { TickBatcher } from "../../src/engine/time/tick-batcher.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";

const timeout = 100;

function detecting(batcher = new TickBatcher(false)) {
  const clock = new VirtualClock();
  const observed: string[] = [];
  const probedAt: number[] = [];
  const detector: FailureDetector = new FailureDetector({
    clock,
    batcher,
    timeout,
    observe: (liveness) => observed.push(liveness),
    probe: () => {
      probedAt.push(clock.monotonic());
      detector.sent(1);
    },
  });
  return { clock, observed, probedAt, detector };
}

describe("the failure detector", () => {
  it("opens when replies are overdue for three times the timeout, and closes with the first reply", async () => {
    const { clock, observed, detector } = detecting();
    detector.sent(1);
    await clock.advance(2 * timeout);
    expect([observed, detector.open]).toEqual([["silent", "silent"], false]);
    await clock.advance(timeout);
    expect([observed.at(-1), detector.open]).toEqual(["unresponsive", true]);
    detector.replied();
    expect([observed.at(-1), detector.open]).toEqual(["answered", false]);
  });

  it("reports no silence while no reply is pending", async () => {
    const { clock, observed, detector } = detecting();
    detector.sent(2);
    detector.replied();
    detector.lost();
    await clock.advance(100 * timeout);
    expect(observed).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("keeps its timer for a request at the end of the tick of the last reply, and cancels it without one", async () => {
    const batcher = new TickBatcher(true);
    const { clock, observed, detector } = detecting(batcher);
    const after = vi.spyOn(clock, "after");
    detector.sent(1);
    for (let count = 0; count < 5; count++) {
      await clock.advance(10);
      detector.replied();
      batcher.add({ flush: () => detector.sent(1) });
      await settle();
    }
    expect(after).toHaveBeenCalledOnce();
    // The silence is measured from the request, not from the timer.
    await clock.advance(timeout - 1);
    expect(observed).toEqual([]);
    await clock.advance(1);
    expect(observed).toEqual(["silent"]);
    detector.replied();
    await settle();
    expect(clock.pending).toBe(0);
  });

  it("notices a silence in time after the circuit was open", async () => {
    const { clock, observed, detector } = detecting();
    detector.sent(1);
    await clock.advance(60_000);
    detector.replied();
    observed.length = 0;
    detector.sent(1);
    await clock.advance(timeout);
    expect(observed).toEqual(["silent"]);
  });

  it("notices a silence in time on a new connection", async () => {
    const { clock, observed, detector } = detecting();
    detector.sent(2);
    detector.replied();
    detector.reset();
    detector.sent(1);
    await clock.advance(timeout);
    expect(observed).toEqual(["silent"]);
  });

  it("probes an open circuit again and again, at most 5 s apart, though every probe is lost", async () => {
    const { clock, probedAt, detector } = detecting();
    detector.sent(1);
    await clock.advance(60_000);
    expect(probedAt[0]).toBe(3 * timeout);
    const pauses = probedAt.slice(1).map((at, index) => at - (probedAt[index] ?? 0));
    expect(Math.max(...pauses)).toBe(5_000);
    expect(pauses.slice(0, 3)).toEqual([100, 200, 400]);
    expect(probedAt.length).toBeLessThan(25);
  });

  it("counts a request that the client timed out as pending, because the node has not answered", async () => {
    const { clock, detector } = detecting();
    for (let time = 0; time < 4 * timeout; time += 10) {
      detector.sent(1);
      await clock.advance(10);
      detector.timedOut();
    }
    expect(detector.open).toBe(true);
  });

  it("stops counting lost calls once the node has answered later calls", async () => {
    const { clock, observed, detector } = detecting();
    detector.sent(5);
    await clock.advance(10 * timeout);
    detector.replied();
    observed.length = 0;
    await clock.advance(100 * timeout);
    expect(observed).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("resets with a new connection", async () => {
    const { clock, observed, detector } = detecting();
    detector.sent(1);
    await clock.advance(5 * timeout);
    detector.reset();
    detector.lost();
    expect(detector.open).toBe(false);
    await clock.advance(10 * timeout);
    expect(observed.filter((liveness) => liveness === "unresponsive").length).toBe(1);
  });

  it("always has a probe under way or scheduled while it is open, whatever happens", async () => {
    const step = fc.oneof(
      // A node that is silent for long enough opens the circuit; all but the passing of time and requests closes it.
      { weight: 3, arbitrary: fc.constant("sent" as const) },
      { weight: 1, arbitrary: fc.constantFrom("replied", "lost", "timedOut", "reset") },
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 700 }) },
    );
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, observed, probedAt, detector } = detecting();
        for (const what of steps) {
          if (typeof what === "number") await clock.advance(what);
          else if (what === "sent") detector.sent(1);
          else detector[what]();
          if (!detector.open) continue;
          opened++;
          expect(detector.probing).toBe(true);
          const before = probedAt.length;
          await clock.advance(5_000);
          expect(probedAt.length).toBeGreaterThan(before);
        }
        detector.replied();
        expect(detector.open).toBe(false);
        expect(observed.filter((liveness) => liveness === "answered").length).toBeLessThanOrEqual(
          observed.filter((liveness) => liveness === "silent").length,
        );
        detector.close();
        expect(clock.pending).toBe(0);
      }),
    );
    expect(opened).toBeGreaterThan(10);
  });
});
