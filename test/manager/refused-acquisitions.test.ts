import { describe, expect, it } from "vitest";
import { createLocks } from "../../src/index.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { denied, granted, ScriptedNode } from "../engine/scripted-node.js";
import { TestNodes } from "./test-nodes.js";

/** What the process has handed to the sockets so far; of a client that writes later, only what it has written. */
function refusing(writesLater: boolean) {
  const clock = new VirtualClock();
  const nodes = [0, 1, 2].map((index) => Object.assign(new ScriptedNode(`node-${index}`), { writesLater }));
  const locks = createLocks({ nodes, clock, owner: "me", ttl: 1_000 });
  const [minority, ...others] = nodes;
  if (minority === undefined) throw new Error("there are three");
  const refused = async (settled: Promise<unknown>) => {
    let written: string[] | null = null;
    const heard = settled.then(
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
    return { heard, written: () => written };
  };
  return { clock, locks, refused };
}

describe("an acquisition that is refused", () => {
  it("has handed the release of its minority to the socket when its caller hears of it", async () => {
    const { locks, refused } = refusing(false);
    const { heard, written } = await refused(locks.tryAcquire("a"));
    await heard;
    expect(written()).toEqual(["acquire", "release"]);
  });

  it("waits for a client that writes in a later phase of the event loop", async () => {
    const { clock, locks, refused } = refusing(true);
    const { heard, written } = await refused(locks.tryAcquire("a"));
    expect(written()).toBeNull();
    await clock.advance(0);
    await heard;
    expect(written()).toEqual(["acquire", "release"]);
  });

  it("tells its listeners so late as well", async () => {
    const { locks, refused } = refusing(false);
    const told: string[][] = [];
    const failed = new Promise<void>((resolve) => {
      locks.on("failed", () => {
        told.push(["failed"]);
        resolve();
      });
    });
    const acquisition = locks.acquire("a", { retry: { count: 0 } }).catch(() => {});
    const { written } = await refused(failed);
    await acquisition;
    expect(written()).toEqual(["acquire", "release"]);
  });
});

it("an acquisition that ends because its manager closes is told to the listeners of its handle", async () => {
  const testNodes = new TestNodes();
  const held = await testNodes.run(testNodes.locks().acquire("a"));
  const locks = testNodes.locks();
  const handle = locks.handle("a");
  const told: string[] = [];
  handle.on("failed", () => told.push("failed"));
  const waiting = handle.acquire().catch(({ code }) => code);
  await settle();
  await testNodes.run(locks.close());
  expect([told, await waiting]).toEqual([["failed"], "MANAGER_CLOSED"]);
  expect(held.remaining()).toBeGreaterThan(0);
});
