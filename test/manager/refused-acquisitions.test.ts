import { describe, expect, it } from "vitest";
import { createLocks } from "../../src/index.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { denied, granted, ScriptedNode } from "../engine/scripted-node.js";
import { TestNodes } from "./test-nodes.js";

/** Records the commands that the process has written to the sockets. */
function setUp(writesLater: boolean) {
  const clock = new VirtualClock();
  const nodes = [0, 1, 2].map((index) => Object.assign(new ScriptedNode(`node-${index}`), { writesLater }));
  const locks = createLocks({ nodes, clock, owner: "me", ttl: 1_000 });
  const [minority, ...others] = nodes;
  if (minority === undefined) throw new Error("there are three");
  const answerRefused = async (settled: Promise<unknown>) => {
    let written: string[] | null = null;
    const recorded = settled.then(
      () => {
        written = [...minority.ops];
      },
      () => {
        written = [...minority.ops];
      },
    );
    await settle();
    for (const arrival of minority.of("acquire")) arrival.answer(granted);
    for (const node of others) for (const arrival of node.of("acquire")) arrival.answer(denied);
    await settle();
    return { recorded, written: () => written };
  };
  return { clock, locks, answerRefused };
}

describe("a failed acquisition", () => {
  it("has written the release of its minority to the socket before its caller gets the error", async () => {
    const { locks, answerRefused } = setUp(false);
    const { recorded, written } = await answerRefused(locks.tryAcquire("a"));
    await recorded;
    expect(written()).toEqual(["acquire", "release"]);
  });

  it("waits for a client that writes in a later phase of the event loop", async () => {
    const { clock, locks, answerRefused } = setUp(true);
    const { recorded, written } = await answerRefused(locks.tryAcquire("a"));
    expect(written()).toBeNull();
    await clock.advance(0);
    await recorded;
    expect(written()).toEqual(["acquire", "release"]);
  });

  it("notifies its listeners only then as well", async () => {
    const { locks, answerRefused } = setUp(false);
    const failed = new Promise<void>((resolve) => {
      locks.on("failed", () => resolve());
    });
    const acquisition = locks.acquire("a", { retry: { count: 0 } }).catch(() => {});
    const { written } = await answerRefused(failed);
    await acquisition;
    expect(written()).toEqual(["acquire", "release"]);
  });
});

it("an acquisition that ends with its manager emits the failed event on its handle", async () => {
  const testNodes = new TestNodes();
  const held = await testNodes.run(testNodes.locks().acquire("a"));
  const locks = testNodes.locks();
  const handle = locks.handle("a");
  const failedEvents: string[] = [];
  handle.on("failed", () => failedEvents.push("failed"));
  const waiting = handle.acquire().catch(({ code }) => code);
  await settle();
  await testNodes.run(locks.close());
  expect([failedEvents, await waiting]).toEqual([["failed"], "MANAGER_CLOSED"]);
  expect(held.remaining()).toBeGreaterThan(0);
});
