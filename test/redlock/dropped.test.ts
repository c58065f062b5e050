import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { type MemoryNode, memoryNode } from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A node that counts its watchers. */
function watched() {
  const node = memoryNode();
  let watchers = 0;
  const counting = new Proxy(node, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== "watch") return typeof value === "function" ? value.bind(target) : value;
      return (listener: Parameters<typeof node.watch>[0]) => {
        watchers++;
        const unwatch = target.watch(listener);
        return () => {
          watchers--;
          unwatch();
        };
      };
    },
  });
  return { node: counting, watchers: () => watchers };
}

it("a Redlock that was dropped without quit() is collected, although its clients are still referenced", async () => {
  const { node, watchers } = watched();
  for (let job = 0; job < 20; job++) {
    const redlock = new Redlock([node]);
    await (await redlock.acquire([`job ${job}`], 10_000)).release();
  }
  for (let round = 0; round < 100 && watchers() > 1; round++) {
    collect();
    await turn();
  }
  // The last instance may still be on the stack.
  expect(watchers()).toBeLessThanOrEqual(1);
});

it("a Redlock that holds a lock is not collected, although it is unreferenced", async () => {
  const { node, watchers } = watched();
  await new Redlock([node]).acquire(["a"], 60_000);
  for (let round = 0; round < 10; round++) {
    collect();
    await turn();
  }
  expect(watchers()).toBe(1);
});

it("a Redlock with a pending release is not collected until the release is delivered", async () => {
  const { node, watchers } = watched();
  const others = [memoryNode(), memoryNode()];
  const owe = async () => {
    const redlock = new Redlock([node, ...others]);
    const lock = await redlock.acquire(["a"], 60_000);
    (node as MemoryNode).hang();
    (node as MemoryNode).crash();
    await lock.release();
  };
  await owe();
  for (let round = 0; round < 10; round++) {
    collect();
    await turn();
  }
  expect(watchers()).toBe(1);
  (node as MemoryNode).restart({ keepMemory: true });
  const other = new Redlock([node]);
  const free = async () => (await other.locks.inspect("a")).held === false;
  for (let round = 0; round < 100 && !(await free()); round++) await turn();
  expect(await free()).toBe(true);
  await other.quit();
});
