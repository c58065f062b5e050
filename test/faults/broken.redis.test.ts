import { expect, it, onTestFinished } from "vitest";
import { inject } from "./inject.js";
import { Stage } from "./stage.js";
import { judge } from "./verdict.js";

it("finds out processes that take any one node for a quorum", { timeout: 60_000 }, async () => {
  const company = { servers: 3, clients: 4, class: "in bounds" } as const;
  const stage = await Stage.start({ ...company, apart: true, resources: { short: 1, long: 1 } });
  onTestFinished(() => stage.stop());
  await stage.open();
  const injection = await inject(stage, [], { ...company, for: 1_500, signal: new AbortController().signal });
  const ends = await stage.finish();
  const verdict = judge(await stage.witness.record(), injection, stage.clients, "in bounds", ends);
  expect(verdict.overlaps.length).toBeGreaterThan(0);
  expect(verdict.violations.join("\n")).toContain("at the same time");
  expect(verdict.problems).toEqual([]);
});
