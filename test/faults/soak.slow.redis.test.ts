import { expect, it } from "vitest";
import { kindNames, kindOf } from "./kinds.js";
import { runFaults } from "./run.js";

const short = { seed: 25, for: 60_000, every: 400, rest: 4_500 };

it("holds what it promises while a minority is hurt, in every way", { timeout: 180_000 }, async () => {
  const verdict = await runFaults({ ...short, class: "in bounds" });
  expect(verdict.violations).toEqual([]);
  expect(verdict.problems).toEqual([]);
  const names = kindNames.filter((name) => !kindOf(name).beyond);
  expect(Object.keys(verdict.faultsByKind).sort()).toEqual(names.sort());
  // How much there is to judge depends on the machine; this is a tenth of what a busy one does.
  expect(verdict.acquisitions).toBeGreaterThan(300);
  expect(verdict.quarantines).toBeGreaterThan(0);
  expect(verdict.renewals).toBeGreaterThan(10);
  expect(verdict.losses.lost).toBeGreaterThan(0);
  expect(verdict.availability.measures).toBeGreaterThan(0);
  expect(verdict.liveness.recoveries.length).toBeGreaterThan(20);
  expect(verdict.liveness.kept).toBeGreaterThan(0);
});
