import { expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { findOverlaps } from "./check-exclusion.js";
import type { Injection } from "./inject.js";
import { now } from "./record.js";
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

it("finds out a server that a process gets no vote of, and a key that nobody holds", {
  timeout: 60_000,
}, async () => {
  const stage = await openStage({ clients: 1, works: ["vote"] });
  // The witness and the plan know nothing of it.
  stage.links[0]?.[0]?.hold("both");
  const key = `held-${stage.clients[0]?.id}-${Math.floor(now())}-${Math.floor(now())}`;
  await stage.servers[1]?.call("SET", stage.prefix + key, "somebody's");
  const seen = (kind: "vote" | "held", ms: number) =>
    stage.scanner.sightings.some((one) => one.server === 1 && one.kind === kind && one.last - started > ms);
  const started = now();
  await waitUntil(
    "votes and the key were seen for a while",
    20_000,
    () => seen("vote", 1_500) && seen("held", 1_500),
  );
  const ends = await stage.finish();
  const left = await stage.leftAtTheEnd();
  const end = {
    ends,
    left,
    sightings: stage.scanner.sightings,
    servers: 3,
    within: { vote: 1_000, gone: 1_000 },
  };
  const verdict = judge(await stage.witness.record(), nothing, stage.clients, "in bounds", end);
  expect(verdict.violations.join("\n")).toContain(`${stage.clients[0]?.id} had no vote of server 0 for`);
  expect(verdict.violations.join("\n")).toContain(`${key} was still on server 1`);
  expect(verdict.violations).toContain(`left at the end: ${stage.prefix}${key} on server 1`);
  expect(verdict.problems).toEqual([]);
});
