import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, onTestFinished } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Tells what runs in this test from what tests before it have left. */
const ofThisTest = new AsyncLocalStorage<true>();

/** The AsyncResources of Holdfast that this test makes: how many were made, and which are not destroyed yet. */
function watchResources() {
  const open = new Set<number>();
  const watched = { made: 0, open };
  const hook = createHook({
    init(id, type) {
      if (type !== "Holdfast" || ofThisTest.getStore() !== true) return;
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

it("leaves no asynchronous resource of an acquisition behind once it was collected", async () => {
  const watched = watchResources();
  const locks = createLocks({ nodes: [memoryNode()] });
  await ofThisTest.run(true, async () => {
    for (let index = 0; index < 50; index++) await locks.using(`a${index}`, () => {});
    expect(await locks.tryAcquire("b")).not.toBeNull();
    expect(await locks.tryAcquire("b")).toBeNull();
  });
  expect(watched.made).toBeGreaterThanOrEqual(52);
  await locks.close();
  await collectAll(watched.open);
  expect(watched.open.size).toBe(0);
});
