import { afterEach, expect, test } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import { createLocks, type Locks, memoryNode } from "../../src/index.js";
import { InspectorFeed } from "../../src/inspector/feed/inspector-feed.js";
import { waitUntil } from "../support/wait-until.js";
import { Reader } from "./server/reader.js";
import { closeAll, serve } from "./server/served.js";

const open: { readonly feed: InspectorFeed; readonly locks: Locks }[] = [];
afterEach(closeAll);
afterEach(async () => {
  for (const { feed, locks } of open.splice(0)) {
    feed.stop();
    await locks.close();
  }
});

function observedLocks(): { feed: InspectorFeed; locks: Locks; lastReceived: () => number } {
  const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()], ttl: 60_000 });
  const feed = new InspectorFeed();
  feed.watch(managerOf(locks));
  open.push({ feed, locks });
  return { feed, locks, lastReceived: () => [...feed.hub.aggregate.sources.values()][0]?.receivedAt ?? 0 };
}

/** Acquires and releases as fast as possible until it is stopped. */
async function busily(locks: Locks, isEnough: () => boolean): Promise<void> {
  while (!isEnough())
    await Promise.all(["a", "b", "c"].map((name) => locks.using(name, async () => undefined)));
}

test("a busy process is not observed without readers, and its state is right as soon as there is one", async () => {
  const { feed, locks, lastReceived } = observedLocks();
  const { hub } = feed;
  const released = await locks.acquire("released meanwhile");
  await locks.acquire("held all the time");
  // An observed manager sends a beat every second.
  const isUnobserved = () => Date.now() - lastReceived() > 2_500;
  const deadline = performance.now() + 15_000;
  await busily(locks, () => isUnobserved() || performance.now() > deadline);
  expect(isUnobserved()).toBe(true);
  await released.release();
  const { port } = await serve({ hub });
  const reader = await Reader.open(port);
  await reader.receives("what is held", (frame) => frame.kind === "locks");
  const shown = [...hub.aggregate.locks.values()].map(({ resources: [name], state }) => `${name}: ${state}`);
  expect(shown).toContain("held all the time: held");
  expect(shown.filter((one) => one.startsWith("released"))).toEqual([]);
  // The manager is observed again from then on.
  const before = lastReceived();
  await waitUntil("the frame is received", 5_000, () => lastReceived() > before);
  reader.vanish();
}, 120_000);
