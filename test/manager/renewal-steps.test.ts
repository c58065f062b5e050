import { describe, expect, it } from "vitest";
import { renewalDelay, stepBefore } from "../../src/lock/renewal-time.js";

const validity = 10_000;
const never = 0;

/** The time at which a renewal is due if the validity began at this time. */
const dueAt = (began: number, locks: number, chance: number) =>
  stepBefore(began + renewalDelay(validity, never, locks, chance), validity, locks);

const starts = Array.from({ length: 1_000 }, (_, index) => 50_000 + index * 7.3);
const chances = [0, 0.03, 0.0999, 0.1, 0.5, 0.999];

describe("a renewal is due", () => {
  it.each([1, 2_500, 20_000, 1_000_000])(
    "after two fifths to half of the validity, with %d locks",
    (locks) => {
      for (const began of starts) {
        for (const chance of chances) {
          const delay = dueAt(began, locks, chance) - began;
          expect(delay).toBeGreaterThanOrEqual(validity * 0.4 - 1e-6);
          expect(delay).toBeLessThanOrEqual(validity * 0.5);
        }
      }
    },
  );

  it.each([1, 2_500, 5_000, 20_000, 100_000])(
    "together with at most one call's worth of others, if %d locks are spread evenly",
    (locks) => {
      const steps = new Set(starts.map((began) => dueAt(began, locks, 0.5)));
      const [first = 0, second = 0] = [...steps].sort((a, b) => a - b);
      expect((locks * (second - first)) / (validity / 2)).toBeLessThanOrEqual(500);
    },
  );

  it.each([500, 2_500, 20_000])(
    "together with about one call's worth of others, if %d locks were taken at once",
    (locks) => {
      const random = Array.from({ length: locks }, (_, index) => index / locks);
      const perStep = new Map<number, number>();
      for (const chance of random) {
        const time = dueAt(50_000, locks, chance);
        perStep.set(time, (perStep.get(time) ?? 0) + 1);
      }
      expect(Math.max(...perStep.values())).toBeLessThanOrEqual(520);
      expect(perStep.size).toBeLessThanOrEqual(Math.ceil(locks / 250) + 1);
    },
  );

  it("at a step, unless steps would be shorter than 1 ms", () => {
    expect(stepBefore(12.9, 5, 1)).toBe(12);
    expect(stepBefore(12_999, validity, 1)).toBe(12_000);
  });

  it("earlier if `renewBefore` demands, but not before a tenth of the validity", () => {
    expect(renewalDelay(validity, 8_000, 1, 0.5)).toBe(2_000);
    expect(renewalDelay(validity, 9_999, 1, 0.5)).toBe(1_000);
  });
});
