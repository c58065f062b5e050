import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { memoryNode } from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A node that counts who watches it. */
function watched() {
  const node = memoryNode();
  let watchers = 0;
  const counting = new Proxy(node, {
    get(target, name) {
      if (name !== "watch") return Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name);
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

it("a Redlock that was dropped without quit() is collected, though its clients live on", async () => {
  const { node, watchers } = watched();
  for (let job = 0; job < 20; job++) {
    const redlock = new Redlock([node]);
    await (await redlock.acquire([`job ${job}`], 10_000)).release();
  }
  for (let round = 0; round < 100 && watchers() > 1; round++) {
    collect();
    await turn();
  }
  // The last one may still lie on the stack.
  expect(watchers()).toBeLessThanOrEqual(1);
});

it("a Redlock that holds a lock is not, though nobody refers to it", async () => {
  const { node, watchers } = watched();
  await new Redlock([node]).acquire(["a"], 60_000);
  for (let round = 0; round < 10; round++) {
    collect();
    await turn();
  }
  expect(watchers()).toBe(1);
});
