import { expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { findOverlaps } from "./check-exclusion.js";
import type { Injection } from "./inject.js";
import { Stage, type StageOptions } from "./stage.js";
import { judge } from "./verdict.js";

const nothing: Injection = { injected: [], stalls: [], problems: [] };

async function openStage(options: Omit<StageOptions, "servers">): Promise<Stage> {
  const stage = await Stage.start({ servers: 3, ...options });
  onTestFinished(() => stage.stop());
  await stage.open();
  return stage;
}

const overlapsSoFar = async (stage: Stage) => findOverlaps((await stage.witness.record()).leases).length;

async function expectToBeFoundOut(stage: Stage): Promise<void> {
  const ends = await stage.finish();
  const verdict = judge(await stage.witness.record(), nothing, stage.clients, "in bounds", { ends });
  expect(verdict.violations.join("\n")).toContain("at the same time");
  expect(verdict.evidence.length).toBeGreaterThan(1);
  expect(verdict.problems).toEqual([]);
}

it("finds out processes that take any one node for a quorum", { timeout: 60_000 }, async () => {
  const stage = await openStage({ clients: 4, apart: true, resources: { short: 1, long: 1 } });
  await waitUntil("two hold it at the same time", 20_000, async () => (await overlapsSoFar(stage)) > 0);
  await expectToBeFoundOut(stage);
});

it("finds out nodes that forget what they granted and vote at once", { timeout: 60_000 }, async () => {
  const options = { quarantine: false } as const;
  const stage = await openStage({ clients: 3, works: ["bold"], resources: { short: 1, long: 1 }, options });
  await waitUntil("two hold it at the same time", 20_000, async () => {
    await Promise.all(stage.servers.map((server) => server.call("FLUSHALL")));
    return (await overlapsSoFar(stage)) > 0;
  });
  await expectToBeFoundOut(stage);
});
