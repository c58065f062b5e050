import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { wayTo } from "../support/way-to.js";
import { TestNodes } from "./test-nodes.js";

const caller = new AsyncLocalStorage<string>();

describe("the callbacks of a caller", () => {
  it("run in the caller's asynchronous context, whichever timer or reply triggers them", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 1_000, renew: false, maxHold: 500 });
    const notes: [string, string | undefined][] = [];
    const note = (what: string) => notes.push([what, caller.getStore()]);
    const ours = testNodes.locks({ ttl: 60_000 });
    const held = await testNodes.run(ours.acquire("taken"));
    const acquisitions = ["A", "B"].map((name) =>
      caller.run(name, async () => {
        const lease = await locks.acquire(name, { onLost: () => void note(`onLost of ${name}`) });
        lease.signal.addEventListener("abort", () => note(`abort of ${name}`));
        const retry = () => {
          note(`retry of ${name}`);
          return false as const;
        };
        await locks.acquire("taken", { retry }).catch(() => {});
        return lease;
      }),
    );
    await testNodes.run(Promise.all(acquisitions));
    await testNodes.clock.advance(1_000);
    await held.release();
    expect(notes.length).toBe(6);
    for (const [what, store] of notes) expect(what.at(-1), what).toBe(store);
  });
});

describe("an acquisition with its own retry policy", () => {
  it("is bounded by the policy, even when another caller of the process waits before it", async () => {
    const testNodes = new TestNodes();
    const [other, locks] = [testNodes.locks({ ttl: 60_000 }), testNodes.locks()];
    const held = await testNodes.run(other.acquire("a"));
    const patient = locks.acquire("a", { wait: 20_000 });
    await testNodes.clock.advance(50);
    const once = locks.acquire("a", { retry: { count: 0 }, wait: Number.POSITIVE_INFINITY });
    await expect(testNodes.run(once, 100)).rejects.toMatchObject({ code: "LOCK_CONTENDED", attempts: 1 });
    await held.release();
    await (await testNodes.run(patient, 100)).release();
  });

  it("does not delay other callers", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    for (const node of testNodes.nodes.slice(1)) node.crash();
    const slow = locks.acquire("a", { retry: { delay: 8_000, jitter: 0 } });
    await testNodes.clock.advance(5);
    for (const node of testNodes.nodes.slice(1)) node.reconnect();
    const lease = await testNodes.run(locks.acquire("a"), 100);
    await lease.release();
    await (await testNodes.run(slow)).release();
  });
});

describe("a process without subscriptions", () => {
  it("is not starved", async () => {
    const testNodes = new TestNodes();
    const shares = [0, 0, 0];
    const withoutSubscriptions = testNodes.nodes.map((node) => wayTo(node, { subscribe: () => null }));
    const all = [testNodes.locks(), testNodes.locks(), testNodes.locks({ nodes: withoutSubscriptions })];
    let over = false;
    const contenders = all.map(async (locks, index) => {
      while (!over) {
        const lease = await locks.acquire("a", { wait: 30_000 });
        shares[index] = (shares[index] ?? 0) + 1;
        await new Promise<void>((resolve) => testNodes.clock.after(5, resolve));
        await lease.release();
        await new Promise<void>((resolve) => testNodes.clock.after(2, resolve));
      }
    });
    await testNodes.clock.advance(5_000);
    over = true;
    await testNodes.run(Promise.all(contenders));
    expect(Math.min(...shares)).toBeGreaterThan(Math.max(...shares) / 50);
  });
});
