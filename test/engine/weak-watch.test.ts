import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { watchWeakly } from "../../src/engine/node/weak-watch.js";
import { settle } from "../../src/testing/virtual-clock.js";
import { ScriptedNode } from "./scripted-node.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Waits until what nobody refers to any more is collected, and whoever registered for that has heard of it. */
async function collectUntil(done: () => boolean): Promise<void> {
  // Apart: what was looked at in a turn is not collected in it.
  do {
    await settle();
    gc();
    await settle();
  } while (!done());
}

class Watcher {
  heard = 0;

  onConnection(): void {
    this.heard++;
  }
}

describe("a node that is watched weakly", () => {
  it("tells its watcher, until that has had enough", () => {
    const node = new ScriptedNode("node");
    const observer = new Watcher();
    const unwatch = watchWeakly(observer, node);
    node.change("down");
    unwatch();
    node.change("ready");
    expect(observer.heard).toBe(1);
    expect(node.watchers).toBe(0);
  });

  it("forgets a watcher that was collected", async () => {
    const node = new ScriptedNode("node");
    const watched = () => {
      for (let count = 0; count < 100; count++) watchWeakly(new Watcher(), node);
    };
    watched();
    expect(node.watchers).toBe(100);
    await collectUntil(() => node.watchers === 0);
  });

  it("is collected with a watcher that it refers to itself", async () => {
    const watched = () => {
      const node = new ScriptedNode("node");
      const observer = new Watcher();
      watchWeakly(observer, node);
      // As a client does whose listeners use the locks.
      Object.assign(node, { user: observer });
      return new WeakRef(node);
    };
    const node = watched();
    await settle();
    await collectUntil(() => node.deref() === undefined);
  });
});
