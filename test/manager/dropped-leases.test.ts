import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

/** Collects garbage until `done` returns true, for at most `rounds` rounds. Finalizers run at an unspecified time. */
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

/** A separate function, so that no stack frame retains the lease. */
const acquireAndForget = async (locks: Locks) => void (await locks.acquire("a", { ttl: 1_000 }));

describe("a dropped lease", () => {
  it("causes a warning, is no longer renewed and ends at its deadline", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const events = listen(locks);
    const warnings = await warningsDuring(async () => {
      await acquireAndForget(locks);
      // The lease is retained until its first renewal.
      await testNodes.clock.advance(600);
      let warned = false;
      process.once("warning", () => {
        warned = true;
      });
      await collect(() => warned);
      await testNodes.clock.advance(5_000);
    });
    expect(warnings).toEqual(["LEASE_DROPPED"]);
    expect(events.map(({ name }) => name)).toEqual(["acquiring", "acquired", "renewed", "expired"]);
    expect(events.at(-1)?.event).toMatchObject({ reason: "dropped" });
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    expect(testNodes.clock.pending).toBe(0);
  });

  it("does not retain the clients that refer to it after its loss", async () => {
    const dropNodes = async () => {
      const testNodes = new TestNodes(3);
      const locks = testNodes.locks();
      const lease = await locks.acquire("a", { ttl: 1_000 });
      // The lease is renewed once and then lost.
      await testNodes.clock.advance(600);
      for (const node of testNodes.nodes) node.crash();
      await testNodes.clock.advance(5_000);
      expect(lease.signal.aborted).toBe(true);
      // A client refers to the lease in this way when its listeners use the lease.
      for (const node of testNodes.nodes) Object.assign(node, { user: lease });
      await locks.close();
      return testNodes.nodes.map((node) => new WeakRef(node));
    };
    const nodes = await dropNodes();
    const left = () => nodes.filter((node) => node.deref() !== undefined).length;
    // A WeakRef that was read in a tick keeps its target until the tick ends, so collect in another tick.
    for (let round = 0; round < 50 && left() > 0; round++) {
      await settle();
      await collect(() => false, 1);
      await settle();
    }
    expect(left()).toBe(0);
  });

  it("causes ten warnings a minute at most", async () => {
    const testNodes = new TestNodes(1);
    const locks = testNodes.locks();
    const dropped = 50;
    const warnings = await warningsDuring(async () => {
      const forget = async (index: number) => void (await locks.acquire(`a${index}`, { ttl: 1_000 }));
      await Promise.all(Array.from({ length: dropped }, (_, index) => forget(index)));
      await testNodes.clock.advance(600);
      let ended = 0;
      locks.on("expired", () => ended++);
      // A dropped lease ends at its deadline.
      for (let round = 0; round < 20 && ended < dropped; round++) {
        await collect(() => false, 1);
        await testNodes.clock.advance(300);
      }
      expect(ended).toBe(dropped);
    });
    // The tests before have had warnings, too.
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.length).toBeLessThanOrEqual(10);
  });

  it("causes no warning when it was released before", async () => {
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
