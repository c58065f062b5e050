import { createHook } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, onTestFinished } from "vitest";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The AsyncResources of Holdfast that exist from now on: how many were made, and which are not destroyed yet. */
function watchResources() {
  const open = new Set<number>();
  const watched = { made: 0, open };
  const hook = createHook({
    init(id, type) {
      if (type !== "Holdfast") return;
      watched.made += 1;
      open.add(id);
    },
    destroy: (id) => void open.delete(id),
  }).enable();
  onTestFinished(() => void hook.disable());
  return watched;
}

/** Node.js reports the destruction of collected resources some turns of the event loop later. */
async function collectAll(open: ReadonlySet<number>): Promise<void> {
  for (let turns = 0; turns < 200 && open.size > 0; turns++) {
    collectGarbage();
    await turn();
  }
}

it("leaves no asynchronous resource behind: neither the import, nor an acquisition once it was collected", async () => {
  const watched = watchResources();
  const { createLocks, memoryNode } = await import("../../src/index.js");
  await turn();
  expect(watched.made).toBeGreaterThan(0);
  expect(watched.open.size).toBe(0);

  const locks = createLocks({ nodes: [memoryNode()] });
  const imported = watched.made;
  for (let index = 0; index < 50; index++) await locks.using(`a${index}`, () => {});
  expect(await locks.tryAcquire("b")).not.toBeNull();
  expect(await locks.tryAcquire("b")).toBeNull();
  expect(watched.made - imported).toBeGreaterThanOrEqual(52);
  await locks.close();
  await collectAll(watched.open);
  expect(watched.open.size).toBe(0);
});
