import { expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { findOverlaps } from "./check-exclusion.js";
import type { Injection } from "./inject.js";
import { now } from "./record.js";
import { Testbed, type TestbedOptions } from "./testbed.js";
import { judge } from "./verdict.js";

const nothing: Injection = { injected: [], stalls: [], problems: [] };

async function openTestbed(options: Omit<TestbedOptions, "servers">): Promise<Testbed> {
  const testbed = await Testbed.start({ servers: 3, ...options });
  onTestFinished(() => testbed.stop());
  await testbed.open();
  return testbed;
}

const overlapsSoFar = async (testbed: Testbed) =>
  findOverlaps((await testbed.recorder.record()).leases).length;

async function expectDetection(testbed: Testbed): Promise<void> {
  const ends = await testbed.finish();
  const verdict = judge(await testbed.recorder.record(), nothing, testbed.clients, "in bounds", { ends });
  expect(verdict.violations.join("\n")).toContain("at the same time");
  expect(verdict.evidence.length).toBeGreaterThan(1);
  expect(verdict.problems).toEqual([]);
}

it("detects processes that treat any single node as a quorum", { timeout: 60_000 }, async () => {
  const testbed = await openTestbed({ clients: 4, apart: true, resources: { short: 1, long: 1 } });
  await waitUntil("two hold it at the same time", 20_000, async () => (await overlapsSoFar(testbed)) > 0);
  await expectDetection(testbed);
});

it("detects nodes that lose their memory and vote immediately", { timeout: 60_000 }, async () => {
  const options = { quarantine: false } as const;
  const testbed = await openTestbed({
    clients: 3,
    works: ["bold"],
    resources: { short: 1, long: 1 },
    options,
  });
  await waitUntil("two hold it at the same time", 20_000, async () => {
    await Promise.all(testbed.servers.map((server) => server.call("FLUSHALL")));
    return (await overlapsSoFar(testbed)) > 0;
  });
  await expectDetection(testbed);
});

it("detects a server that does not vote for a process, and a key without a holder", {
  timeout: 60_000,
}, async () => {
  const testbed = await openTestbed({ clients: 1, works: ["vote"] });
  // Neither the recorder nor the plan contains this fault.
  testbed.links[0]?.[0]?.hold("both");
  const key = `held-${testbed.clients[0]?.id}-${Math.floor(now())}-${Math.floor(now())}`;
  await testbed.servers[1]?.call("SET", testbed.prefix + key, "another client's");
  const seen = (kind: "vote" | "held", ms: number) =>
    testbed.scanner.sightings.some((one) => one.server === 1 && one.kind === kind && one.last - started > ms);
  const started = now();
  await waitUntil(
    "votes and the key were seen for a while",
    20_000,
    () => seen("vote", 1_500) && seen("held", 1_500),
  );
  const ends = await testbed.finish();
  const left = await testbed.leftAtTheEnd();
  const end = {
    ends,
    left,
    sightings: testbed.scanner.sightings,
    servers: 3,
    within: { vote: 1_000, gone: 1_000 },
  };
  const verdict = judge(await testbed.recorder.record(), nothing, testbed.clients, "in bounds", end);
  expect(verdict.violations.join("\n")).toContain(`${testbed.clients[0]?.id} had no vote of server 0 for`);
  expect(verdict.violations.join("\n")).toContain(`${key} was still on server 1`);
  expect(verdict.violations).toContain(`left at the end: ${testbed.prefix}${key} on server 1`);
  expect(verdict.problems).toEqual([]);
});
