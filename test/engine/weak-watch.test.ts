import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { watchWeakly } from "../../src/engine/node/weak-watch.js";
import { settle } from "../../src/testing/virtual-clock.js";
import { ScriptedNode } from "./scripted-node.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Collects garbage until `done` returns true. Finalizers have run when `done` is called. */
async function collectUntil(done: () => boolean): Promise<void> {
  // A WeakRef that was read or created in a tick keeps its target until the tick ends, so collect in another tick.
  do {
    await settle();
    gc();
    await settle();
  } while (!done());
}

class Watcher {
  notifications = 0;

  onConnection(): void {
    this.notifications++;
  }
}

describe("a node that is watched weakly", () => {
  it("notifies its watcher until the watcher unsubscribes", () => {
    const node = new ScriptedNode("node");
    const observer = new Watcher();
    const unwatch = watchWeakly(observer, node);
    node.change("down");
    unwatch();
    node.change("ready");
    expect(observer.notifications).toBe(1);
    expect(node.watchers).toBe(0);
  });

  it("drops a watcher that was garbage collected", async () => {
    const node = new ScriptedNode("node");
    const watched = () => {
      for (let count = 0; count < 100; count++) watchWeakly(new Watcher(), node);
    };
    watched();
    expect(node.watchers).toBe(100);
    await collectUntil(() => node.watchers === 0);
  });

  it("is garbage collected together with a watcher that the node itself refers to", async () => {
    const watched = () => {
      const node = new ScriptedNode("node");
      const observer = new Watcher();
      watchWeakly(observer, node);
      // A client refers to its watcher in this way when its listeners use the locks.
      Object.assign(node, { user: observer });
      return new WeakRef(node);
    };
    const node = watched();
    await settle();
    await collectUntil(() => node.deref() === undefined);
  });
});
