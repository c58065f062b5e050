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

function looksOn(): { feed: InspectorFeed; locks: Locks; heard: () => number } {
  const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()], ttl: 60_000 });
  const feed = new InspectorFeed();
  feed.watch(managerOf(locks));
  open.push({ feed, locks });
  return { feed, locks, heard: () => [...feed.hub.aggregate.sources.values()][0]?.receivedAt ?? 0 };
}

/** Locks and unlocks, as fast as it goes, until told otherwise. */
async function busily(locks: Locks, isEnough: () => boolean): Promise<void> {
  while (!isEnough())
    await Promise.all(["a", "b", "c"].map((name) => locks.using(name, async () => undefined)));
}

test("a busy process is let alone while nobody looks, and shown as it is as soon as somebody does", async () => {
  const { feed, locks, heard } = looksOn();
  const { hub } = feed;
  const released = await locks.acquire("released meanwhile");
  await locks.acquire("held all the time");
  // It is told of every second, as long as it is looked on at.
  const isAlone = () => Date.now() - heard() > 2_500;
  const deadline = performance.now() + 15_000;
  await busily(locks, () => isAlone() || performance.now() > deadline);
  expect(isAlone()).toBe(true);
  await released.release();
  const { port } = await serve({ hub });
  const reader = await Reader.open(port);
  await reader.hears("what is held", (frame) => frame.kind === "locks");
  const shown = [...hub.aggregate.locks.values()].map(({ resources: [name], state }) => `${name}: ${state}`);
  expect(shown).toContain("held all the time: held");
  expect(shown.filter((one) => one.startsWith("released"))).toEqual([]);
  // From then on it is told of again.
  const before = heard();
  await waitUntil("it is told of", 5_000, () => heard() > before);
  reader.vanish();
}, 120_000);

test("a process that is not busy is never let alone, so that what it did is known", async () => {
  const { feed, locks } = looksOn();
  for (let round = 0; round < 3; round += 1) {
    await locks.using("a", async () => undefined);
  }
  await waitUntil("all of it is known", 5_000, () => {
    const { aggregate } = feed.hub;
    return [...aggregate.locks.keys()].flatMap((id) => aggregate.history(id)).length === 12;
  });
});
