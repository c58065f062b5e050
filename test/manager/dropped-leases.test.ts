import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

/** Collects garbage until `done`, or for so many rounds: finalisers run when the engine likes. */
async function collect(done: () => boolean, rounds = 100): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let round = 0; round < rounds && !done(); round++) {
    gc();
    await settle();
  }
}

async function warningsDuring(action: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const listener = (warning: Error & { code?: string }) => warnings.push(warning.code ?? warning.name);
  process.on("warning", listener);
  await action();
  process.off("warning", listener);
  return warnings;
}

/** In a function of its own, so that no stack frame keeps the lease. */
const acquireAndForget = async (locks: Locks) => void (await locks.acquire("a", { ttl: 1_000 }));

describe("a lease that was dropped", () => {
  it("is renewed no more, with a warning, and ends at its deadline", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const heard = listen(locks);
    const warnings = await warningsDuring(async () => {
      await acquireAndForget(locks);
      // Until its first renewal it is kept.
      await testNodes.clock.advance(600);
      let warned = false;
      process.once("warning", () => {
        warned = true;
      });
      await collect(() => warned);
      await testNodes.clock.advance(5_000);
    });
    expect(warnings).toEqual(["LEASE_DROPPED"]);
    expect(heard.map(({ name }) => name)).toEqual(["acquiring", "acquired", "renewed", "expired"]);
    expect(heard.at(-1)?.event).toMatchObject({ reason: "dropped" });
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    expect(testNodes.clock.pending).toBe(0);
  });

  it("does not keep the clients that refer to it, once it is lost", async () => {
    const stage = async () => {
      const testNodes = new TestNodes(3);
      const locks = testNodes.locks();
      const lease = await locks.acquire("a", { ttl: 1_000 });
      // It is renewed once, and then lost.
      await testNodes.clock.advance(600);
      for (const node of testNodes.nodes) node.crash();
      await testNodes.clock.advance(5_000);
      expect(lease.signal.aborted).toBe(true);
      // As a client does whose listeners use the lease.
      for (const node of testNodes.nodes) Object.assign(node, { user: lease });
      await locks.close();
      return testNodes.nodes.map((node) => new WeakRef(node));
    };
    const nodes = await stage();
    const left = () => nodes.filter((node) => node.deref() !== undefined).length;
    // Apart: what was looked at in a turn is not collected in it.
    for (let round = 0; round < 50 && left() > 0; round++) {
      await settle();
      await collect(() => false, 1);
      await settle();
    }
    expect(left()).toBe(0);
  });

  it("is one only without a release: a released one is collected in silence", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const warnings = await warningsDuring(async () => {
      await locks.using("a", () => {});
      await (await locks.acquire("a")).release();
      let rounds = 0;
      await collect(() => rounds++ > 10);
    });
    expect(warnings).toEqual([]);
  });
});
