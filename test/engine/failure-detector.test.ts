import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FailureDetector } from "../../src/engine/node/failure-detector.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";

const patience = 100;

function detecting() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const probedAt: number[] = [];
  const detector: FailureDetector = new FailureDetector({
    clock,
    timeout: patience,
    observe: (liveness) => told.push(liveness),
    probe: () => {
      probedAt.push(clock.monotonic());
      detector.sent(1);
    },
  });
  return { clock, told, probedAt, detector };
}

describe("the failure detector", () => {
  it("opens when a node has owed replies for three times its patience, and closes with the first reply", async () => {
    const { clock, told, detector } = detecting();
    detector.sent(1);
    await clock.advance(2 * patience);
    expect([told, detector.open]).toEqual([["silent", "silent"], false]);
    await clock.advance(patience);
    expect([told.at(-1), detector.open]).toEqual(["unresponsive", true]);
    detector.replied();
    expect([told.at(-1), detector.open]).toEqual(["answered", false]);
  });

  it("counts no silence while nothing is owed", async () => {
    const { clock, told, detector } = detecting();
    detector.sent(2);
    detector.replied();
    detector.lost();
    await clock.advance(100 * patience);
    expect(told).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("probes an open circuit again and again, at most 5 s apart, though every probe is lost", async () => {
    const { clock, probedAt, detector } = detecting();
    detector.sent(1);
    await clock.advance(60_000);
    expect(probedAt[0]).toBe(3 * patience);
    const pauses = probedAt.slice(1).map((at, index) => at - (probedAt[index] ?? 0));
    expect(Math.max(...pauses)).toBe(5_000);
    expect(pauses.slice(0, 3)).toEqual([100, 200, 400]);
    expect(probedAt.length).toBeLessThan(25);
  });

  it("takes a request that the client gave up for owed: the node has said nothing", async () => {
    const { clock, detector } = detecting();
    for (let time = 0; time < 4 * patience; time += 10) {
      detector.sent(1);
      await clock.advance(10);
      detector.timedOut();
    }
    expect(detector.open).toBe(true);
  });

  it("counts calls that were lost for good no more, once the node has answered later ones", async () => {
    const { clock, told, detector } = detecting();
    detector.sent(5);
    await clock.advance(10 * patience);
    detector.replied();
    told.length = 0;
    await clock.advance(100 * patience);
    expect(told).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("starts anew with another connection", async () => {
    const { clock, told, detector } = detecting();
    detector.sent(1);
    await clock.advance(5 * patience);
    detector.reset();
    detector.lost();
    expect(detector.open).toBe(false);
    await clock.advance(10 * patience);
    expect(told.filter((liveness) => liveness === "unresponsive").length).toBe(1);
  });

  it("always has a probe under way or scheduled while it is open, whatever happens", async () => {
    const step = fc.oneof(
      fc.constantFrom("sent", "replied", "lost", "timedOut", "reset"),
      fc.integer({ min: 1, max: 700 }),
    );
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, told, probedAt, detector } = detecting();
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
        const opens = told.filter((liveness) => liveness === "unresponsive").length;
        expect(told.filter((liveness) => liveness === "answered").length).toBeLessThanOrEqual(
          told.filter((liveness) => liveness === "silent").length,
        );
        expect(opens).toBeLessThanOrEqual(told.length);
        detector.close();
        expect(clock.pending).toBe(0);
      }),
    );
    expect(opened).toBeGreaterThan(10);
  });
});
