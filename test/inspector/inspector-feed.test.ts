import { afterEach, test } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import { createLocks, type Locks, memoryNode } from "../../src/index.js";
import { InspectorFeed } from "../../src/inspector/feed/inspector-feed.js";
import { waitUntil } from "../support/wait-until.js";

const open: { readonly feed: InspectorFeed; readonly locks: Locks }[] = [];
afterEach(async () => {
  for (const { feed, locks } of open.splice(0)) {
    feed.stop();
    await locks.close();
  }
});

function observedLocks(): { feed: InspectorFeed; locks: Locks } {
  const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()], ttl: 60_000 });
  const feed = new InspectorFeed();
  feed.watch(managerOf(locks));
  open.push({ feed, locks });
  return { feed, locks };
}

test("a process that is not busy is always observed, so that its history is known", async () => {
  const { feed, locks } = observedLocks();
  for (let round = 0; round < 3; round += 1) {
    await locks.using("a", async () => undefined);
  }
  await waitUntil("all of it is known", 5_000, () => {
    const { aggregate } = feed.hub;
    return [...aggregate.locks.keys()].flatMap((id) => aggregate.history(id)).length === 12;
  });
});
