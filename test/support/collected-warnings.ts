import { afterEach, beforeEach, vi } from "vitest";
import { systemClock } from "../../src/engine/time/system-clock.js";
import { warnBounded } from "../../src/support/warn.js";

interface CollectedWarning {
  readonly text: string;
  readonly code: string;
  readonly detail: string;
}

/** ms. The number of warnings is bounded in time, so each test has a time of its own. */
let time = 1e9;

/** Lets time pass for the bound on warnings. */
export function passTime(ms: number): void {
  time += ms;
}

/** Collects the process warnings of each test instead of printing them. Returns a function that gives them. */
export function collectWarnings(): () => CollectedWarning[] {
  let warnings: CollectedWarning[] = [];
  beforeEach(() => {
    vi.spyOn(performance, "now").mockImplementation(() => time);
    vi.spyOn(process, "emitWarning").mockImplementation((text, given) => {
      warnings.push({ text: String(text), ...(given as { code: string; detail: string }) });
    });
    time += 1e6;
    // The first warning of a period says how many of the period before were left out.
    warnBounded("LEASE_LOST", "the period of the test before is over");
    time += 1e6;
    warnings = [];
  });
  afterEach(() => {
    vi.restoreAllMocks();
    // A file that follows in this process may read the library's clock, which looks for this when it sets a timer.
    systemClock.after(0, () => {}).cancel();
  });
  return () => warnings.filter(({ code }) => code !== "COLD_START" && code !== "MEMORY_LOST");
}
