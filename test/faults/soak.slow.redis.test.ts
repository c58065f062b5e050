import { expect, it } from "vitest";
import { kindNames, kindOf } from "./kinds.js";
import { runFaults } from "./run.js";

const short = { seed: 25, for: 60_000, every: 400, rest: 4_500 };

it("keeps its guarantees under every fault of a minority", { timeout: 180_000 }, async () => {
  const verdict = await runFaults({ ...short, class: "in bounds" });
  expect(verdict.violations).toEqual([]);
  expect(verdict.problems).toEqual([]);
  const names = kindNames.filter((name) => !kindOf(name).beyond);
  expect(Object.keys(verdict.faultsByKind).sort()).toEqual(names.sort());
  // The numbers depend on the machine; these are a tenth of those of a busy machine.
  expect(verdict.acquisitions).toBeGreaterThan(300);
  expect(verdict.quarantines).toBeGreaterThan(0);
  expect(verdict.renewals).toBeGreaterThan(10);
  expect(verdict.losses.lost).toBeGreaterThan(0);
  expect(verdict.availability.measures).toBeGreaterThan(0);
  expect(verdict.liveness.recoveries.length).toBeGreaterThan(20);
  expect(verdict.partial.permit).toBeGreaterThan(30);
  expect(verdict.partial.share).toBeGreaterThan(30);
  expect(verdict.elections.terms).toBeGreaterThan(5);
  expect(verdict.liveness.kept).toBeGreaterThan(0);
});
