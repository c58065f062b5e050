import { expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/servers.js";
import type { Injection } from "./inject.js";
import { type FaultKind, kindOf } from "./kinds.js";
import type { RecordedLease } from "./record.js";
import { Testbed, type TestbedOptions } from "./testbed.js";
import { judge, type Verdict } from "./verdict.js";

const nothing: Injection = { injected: [], stalls: [], problems: [] };

async function openTestbed(options: Omit<TestbedOptions, "servers">): Promise<Testbed> {
  const testbed = await Testbed.start({ servers: 3, ...options });
  onTestFinished(() => testbed.stop());
  await testbed.open();
  return testbed;
}

async function end(testbed: Testbed): Promise<Verdict> {
  const ends = await testbed.finish();
  const verdict = judge(await testbed.recorder.record(), nothing, testbed.clients, "in bounds", { ends });
  expect(verdict.violations).toEqual([]);
  expect(verdict.problems).toEqual([]);
  return verdict;
}

/** Waits until the recorder has a lease that matches. */
async function seen(
  testbed: Testbed,
  what: string,
  isSo: (lease: RecordedLease) => boolean,
): Promise<RecordedLease> {
  let found: RecordedLease | undefined;
  await waitUntil(what, 20_000, async () => {
    found = [...(await testbed.recorder.record()).leases].reverse().find(isSo);
    return found !== undefined;
  });
  return found as RecordedLease;
}

it("refuses the late write of a holder that was stalled beyond its deadline", {
  timeout: 60_000,
}, async () => {
  const testbed = await openTestbed({ clients: 2, works: ["bold"], resources: { short: 1, long: 1 } });
  const isHeld = ({ left, lost, writes }: RecordedLease) => left === null && lost === null && writes > 0;
  // The lease may end before its process is stopped; the test then tries the next lease.
  let late: RecordedLease | undefined;
  for (let tries = 0; late === undefined && tries < 5; tries += 1) {
    const first = await seen(testbed, "one holds it", isHeld);
    const holder = testbed.clients.find(({ id }) => id === first.client);
    holder?.suspend();
    await seen(
      testbed,
      "the other has it, and writes",
      ({ fence, writes }) => fence > first.fence && writes > 0,
    );
    holder?.resume();
    await seen(
      testbed,
      "the first learns of its loss",
      ({ id, lost, left }) => id === first.id && (lost ?? left) !== null,
    );
    await seen(testbed, "the first has left", ({ id, left }) => id === first.id && left !== null);
    late = (await testbed.recorder.record()).leases.find(({ id, refused }) => id === first.id && refused > 0);
  }
  expect(late).toMatchObject({ late: 0, wronged: 0 });
  expect((await end(testbed)).losses.lost).toBeGreaterThan(0);
});

it("keeps its guarantees and recovers when all servers fail at the same time", {
  timeout: 60_000,
}, async () => {
  const testbed = await openTestbed({ clients: 3, resources: { short: 2, long: 2 } });
  const kinds: FaultKind[] = ["SCRIPT FLUSH", "CLIENT KILL", "full memory", "connections cut and refused"];
  for (const kind of kinds) {
    const { leases } = await testbed.recorder.record();
    const fences = Math.max(0, ...leases.map(({ fence }) => fence));
    const faults = [0, 1, 2].map((target) => ({ kind, at: 0, ms: 0, target, chance: 0.5 }));
    const ends = await Promise.all(faults.map((fault) => kindOf(kind).begin(testbed, fault)));
    for (const over of ends) await over();
    await seen(testbed, `a lease after ${kind}`, ({ fence }) => fence > fences);
  }
  await end(testbed);
});
