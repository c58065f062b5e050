import { expect, test } from "vitest";
import { DrawThrottle } from "../../../visualizations/inspector/src/draw-throttle.js";

/** A screen with 50 frames a second, and drawings that take `cost` ms. Returns the times of the drawings within `length` ms. */
function drawings(cost: number, length: number): number[] {
  const drawn: number[] = [];
  const due: { readonly at: number; readonly run: () => void }[] = [];
  let now = 0;
  const after = (delay: number, run: () => void) => due.push({ at: now + delay, run });
  const throttle = new DrawThrottle(
    () => {
      drawn.push(now);
      now += cost;
      throttle.request();
    },
    {
      now: () => now,
      beforePaint: (run) => after(20 - (now % 20), run),
      after,
    },
  );
  throttle.request();
  while (now < length) {
    due.sort((one, other) => one.at - other.at);
    const next = due.shift();
    if (next === undefined) break;
    now = Math.max(now, next.at);
    next.run();
  }
  return drawn;
}

test("draws each frame while drawing is cheap", () => {
  expect(drawings(1, 1_000)).toHaveLength(50);
});

test("drawing takes at most a part of the time", () => {
  const drawn = drawings(45, 10_000);
  expect(drawn.length * 45).toBeLessThanOrEqual(0.15 * 10_000 + 45);
  expect(drawn.length).toBeGreaterThan(25);
});

test("draws every second or so, whatever it takes", () => {
  const drawn = drawings(400, 10_000);
  expect(drawn.length).toBeGreaterThanOrEqual(9);
});

test("draws once for several requests", () => {
  const frames: (() => void)[] = [];
  let drawn = 0;
  const throttle = new DrawThrottle(() => (drawn += 1), {
    now: () => 0,
    beforePaint: (run) => frames.push(run),
    after: () => {},
  });
  throttle.request();
  throttle.request();
  for (const run of frames) run();
  expect([frames.length, drawn]).toEqual([1, 1]);
});
