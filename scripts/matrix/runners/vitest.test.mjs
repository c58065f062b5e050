// Vitest's own timers, which replace what Vitest replaces by default, and then everything.
import * as holdfast from "holdfast";
import Redlock from "holdfast/redlock";
import { describe, test, vi } from "vitest";
import { scenarios } from "./scenarios.cjs";

const everything = [
  ...["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"],
  ...["Date", "performance", "queueMicrotask", "nextTick"],
];
for (const toFake of [undefined, everything]) {
  describe(toFake === undefined ? "default" : "everything", () => {
    const tools = {
      holdfast,
      Redlock,
      fake: () => vi.useFakeTimers(toFake && { toFake }),
      restore: () => vi.useRealTimers(),
      advance: (ms) => vi.advanceTimersByTimeAsync(ms),
    };
    for (const [name, run] of scenarios(tools)) test(name, run);
  });
}
