import { expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/servers.js";
import type { Injection } from "./inject.js";
import { type FaultKind, kindOf } from "./kinds.js";
import type { WitnessedLease } from "./record.js";
import { Stage, type StageOptions } from "./stage.js";
import { judge, type Verdict } from "./verdict.js";

const nothing: Injection = { injected: [], stalls: [], problems: [] };

async function openStage(options: Omit<StageOptions, "servers">): Promise<Stage> {
  const stage = await Stage.start({ servers: 3, ...options });
  onTestFinished(() => stage.stop());
  await stage.open();
  return stage;
}

async function end(stage: Stage): Promise<Verdict> {
  const ends = await stage.finish();
  const verdict = judge(await stage.witness.record(), nothing, stage.clients, "in bounds", { ends });
  expect(verdict.violations).toEqual([]);
  expect(verdict.problems).toEqual([]);
  return verdict;
}

/** Waits until the witness knows of such a lease. */
async function seen(
  stage: Stage,
  what: string,
  isSo: (lease: WitnessedLease) => boolean,
): Promise<WitnessedLease> {
  let found: WitnessedLease | undefined;
  await waitUntil(what, 20_000, async () => {
    found = [...(await stage.witness.record()).leases].reverse().find(isSo);
    return found !== undefined;
  });
  return found as WitnessedLease;
}

it("refuses the late write of a holder that stood still beyond its deadline", {
  timeout: 60_000,
}, async () => {
  const stage = await openStage({ clients: 2, works: ["bold"], resources: { short: 1, long: 1 } });
  const isHeld = ({ left, lost, writes }: WitnessedLease) => left === null && lost === null && writes > 0;
  // It may end before it is stopped; then the next one is tried.
  let late: WitnessedLease | undefined;
  for (let tries = 0; late === undefined && tries < 5; tries += 1) {
    const first = await seen(stage, "one holds it", isHeld);
    const holder = stage.clients.find(({ id }) => id === first.client);
    holder?.suspend();
    await seen(
      stage,
      "the other has it, and writes",
      ({ fence, writes }) => fence > first.fence && writes > 0,
    );
    holder?.resume();
    await seen(
      stage,
      "the first is told",
      ({ id, lost, left }) => id === first.id && (lost ?? left) !== null,
    );
    await seen(stage, "the first has left", ({ id, left }) => id === first.id && left !== null);
    late = (await stage.witness.record()).leases.find(({ id, refused }) => id === first.id && refused > 0);
  }
  expect(late).toMatchObject({ late: 0, wronged: 0 });
  expect((await end(stage)).losses.lost).toBeGreaterThan(0);
});

it("holds what it promises when all servers are hurt at once, and goes on", { timeout: 60_000 }, async () => {
  const stage = await openStage({ clients: 3, resources: { short: 2, long: 2 } });
  const kinds: FaultKind[] = ["SCRIPT FLUSH", "CLIENT KILL", "full memory", "connections cut and refused"];
  for (const kind of kinds) {
    const { leases } = await stage.witness.record();
    const fences = Math.max(0, ...leases.map(({ fence }) => fence));
    const faults = [0, 1, 2].map((target) => ({ kind, at: 0, ms: 0, target, chance: 0.5 }));
    const ends = await Promise.all(faults.map((fault) => kindOf(kind).begin(stage, fault)));
    for (const over of ends) await over();
    await seen(stage, `a lease after ${kind}`, ({ fence }) => fence > fences);
  }
  await end(stage);
});
