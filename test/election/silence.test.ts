import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import type { Election, ElectionOptions, LocksOptions, Term } from "../../src/index.js";
import { inspectorHandler } from "../../src/inspector.js";
import { TestNodes } from "../manager/test-nodes.js";
import { collectWarnings } from "../support/collected-warnings.js";

const found = collectWarnings();

/** Opens an election, and lets time pass while every node hangs. */
async function lose(
  options: ElectionOptions = {},
  manager: Partial<LocksOptions> = {},
  watch: (election: Election) => void = () => {},
) {
  const testNodes = new TestNodes(3);
  const election = testNodes.locks({ ttl: 1_000, ...manager }).election("scheduler", options);
  await testNodes.clock.advance(100);
  watch(election);
  for (const node of testNodes.nodes) node.hang();
  await testNodes.clock.advance(2_000);
}

const noOp = () => {};
const logger = { debug: noOp, info: noOp, warn: noOp, error: noOp };

describe("the loss of a term that nobody listens for", () => {
  it("leads to a process warning, which says which term, since when, and why", async () => {
    await lose();
    expect(found()).toMatchObject([
      { code: "LEASE_LOST", detail: expect.stringMatching(/term\.signal, onDeposed/) },
    ]);
    expect(found()[0]?.text).toMatch(
      /^term 1 of the election "scheduler" is over: its validity ran out before a renewal succeeded \(led since [\d-]+T[\d:.]+Z\)$/,
    );
  });

  it.each<[string, Parameters<typeof lose>]>([
    ["onDeposed", [{ onDeposed: noOp }]],
    ["the signal", [{ onElected: (term: Term) => void term.signal }]],
    ["assertLeading()", [{ onElected: (term: Term) => term.assertLeading() }]],
    ["a listener", [{}, {}, (election) => void election.on("deposed", noOp)]],
    ["isLeader", [{}, {}, (election) => void election.isLeader]],
    ["onLost of the locks", [{}, { onLost: noOp }]],
    ["a logger", [{}, { logger }]],
  ])("does not, if %s is used", async (_, parts) => {
    await lose(...parts);
    expect(found()).toEqual([]);
  });

  it("leads to a process warning although a page shows the locks", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ ttl: 1_000 });
    const handler = inspectorHandler(locks);
    locks.election("scheduler");
    await testNodes.clock.advance(100);
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(2_000);
    expect(found()).toMatchObject([{ code: "LEASE_LOST" }]);
    await handler.close();
  });

  it("is not the end of a term by resignation", async () => {
    const testNodes = new TestNodes(3);
    const election = testNodes.locks().election("scheduler");
    await testNodes.clock.advance(100);
    await testNodes.run(election.resign());
    await testNodes.run(election.close());
    expect(found()).toEqual([]);
  });
});

describe("a campaign that fails while nobody listens", () => {
  it("leads to a process warning, which says which election, and why", async () => {
    const testNodes = new TestNodes(3);
    testNodes.locks().election("scheduler", { ttl: 2 });
    await testNodes.clock.advance(1);
    expect(found()).toMatchObject([{ code: "CAMPAIGN_FAILED" }]);
    expect(found()[0]?.text).toMatch(/^the campaign for the election "scheduler" failed: could not acquire/);
  });

  it("does not, if there is a listener of the election, or a logger", async () => {
    const testNodes = new TestNodes(3);
    testNodes.locks().election("scheduler", { ttl: 2 }).on("failed", noOp);
    testNodes.locks({ logger }).election("scheduler", { ttl: 2 });
    await testNodes.clock.advance(1);
    expect(found()).toEqual([]);
  });
});

it("listeners and callbacks run in the asynchronous context of the call of election()", async () => {
  const storage = new AsyncLocalStorage<string>();
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks();
  const seen: unknown[] = [];
  const note = (what: string) => () => void seen.push([what, storage.getStore()]);
  const options = { onElected: note("onElected"), onDeposed: note("onDeposed") };
  const election = storage.run("ours", () => locks.election("scheduler", options));
  for (const name of ["campaigning", "elected", "deposed"] as const) election.on(name, note(name));
  locks.on("acquired", note("acquired"));
  await testNodes.clock.advance(100);
  await storage.run("another", () => testNodes.run(election.resign()));
  await testNodes.clock.advance(100);
  expect(seen.map(String).slice(0, 8)).toEqual([
    "acquired,ours",
    "elected,ours",
    "onElected,ours",
    "deposed,ours",
    "onDeposed,ours",
    "campaigning,ours",
    "acquired,ours",
    "elected,ours",
  ]);
});
