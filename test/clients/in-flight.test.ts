import { EventEmitter } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { InFlight } from "../../src/clients/in-flight.js";

afterEach(() => void vi.useRealTimers());

test("the age of an unanswered call follows fake timers that are set up after it", () => {
  const inFlight = new InFlight(new EventEmitter(), [], () => false);
  expect(inFlight.age).toBe(0);
  inFlight.add(() => new Promise(() => {})).catch(() => {});
  vi.useFakeTimers();
  expect(inFlight.age).toBeGreaterThanOrEqual(0);
  vi.advanceTimersByTime(5_000);
  expect(inFlight.age).toBeGreaterThanOrEqual(5_000);
  inFlight.abandon("over");
  expect(inFlight.age).toBe(0);
});
