import { createRequire } from "node:module";
import * as holdfast from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";

/** How a test runner replaces the functions of time. */
interface FakeTimers {
  fake(): void;
  restore(): void;
  advance(ms: number): Promise<unknown>;
}

type Scenario = [name: string, run: () => Promise<void>];

const { scenarios } = createRequire(import.meta.url)("../../scripts/matrix/runners/scenarios.cjs") as {
  scenarios(tools: FakeTimers & { holdfast: typeof holdfast; Redlock: typeof Redlock }): Scenario[];
};

/** What must hold under the fake timers of every test runner. `scripts/matrix.mjs` runs the same in other runners. */
export const scenariosUnder = (timers: FakeTimers): Scenario[] => scenarios({ ...timers, holdfast, Redlock });
