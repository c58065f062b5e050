import { describe, expect, it } from "vitest";
import type { LockNode, SubscriptionListener } from "../../src/engine/node/lock-node.js";
import { far } from "../support/far-node.js";
import { Contention } from "./contention.js";
import { TestNodes } from "./test-nodes.js";

/** The subscriptions of one process. The test can drop them. */
class Subscriptions {
  readonly nodes: LockNode[];
  /** Number of open subscriptions per node. */
  readonly open: number[];
  readonly opened: number[];
  private readonly losses = new Set<() => void>();

  constructor(testNodes: TestNodes) {
    this.open = testNodes.nodes.map(() => 0);
    this.opened = testNodes.nodes.map(() => 0);
    this.nodes = testNodes.nodes.map((node, index) => {
      const subscribe = (channel: string, listener: SubscriptionListener) => {
        this.count(this.open, index, 1);
        this.count(this.opened, index, 1);
        const unsubscribe = node.subscribe(channel, listener);
        const lose = () => {
          unsubscribe?.();
          listener.unsubscribed();
        };
        this.losses.add(lose);
        return () => {
          this.count(this.open, index, -1);
          this.losses.delete(lose);
          unsubscribe?.();
        };
      };
      return new Proxy(node, {
        get(target, name) {
          if (name === "subscribe") return subscribe;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    });
  }

  /** Drops all subscriptions for good. */
  lose(): void {
    for (const lose of this.losses) lose();
  }

  private count(counts: number[], index: number, by: number): void {
    counts[index] = (counts[index] ?? 0) + by;
  }
}

/** Returns the ms of virtual time until the promise settles. */
async function timeToSettle(testNodes: TestNodes, waiting: Promise<unknown>): Promise<number> {
  const start = testNodes.clock.monotonic();
  await testNodes.run(waiting);
  return testNodes.clock.monotonic() - start;
}

describe("a caller that waits for a lock", () => {
  it("seldom asks while the lock is held, and gets it a few ms after its release", async () => {
    for (const size of [1, 3, 5]) {
      const contention = new Contention({ seed: 5, size, processes: 2 });
      const open = await contention.begin();
      contention.addCaller(1, 1);
      await contention.clock.advance(5_000);
      // Two attempts at first, the second with a queue position, and then one every 300 to 500 ms.
      expect(contention.acquireCommands / size).toBeGreaterThan(5_000 / 500);
      expect(contention.acquireCommands / size).toBeLessThanOrEqual(2 + 5_000 / 300);
      const before = contention.acquireCommands;
      open();
      await contention.end(1_000);
      expect(Math.max(...contention.gaps)).toBeLessThan(15);
      expect((contention.acquireCommands - before) / size).toBeLessThanOrEqual(2);
    }
  });

  it("seldom asks when one node reports another holder for a long time", async () => {
    const testNodes = new TestNodes();
    const [stray, holder, locks] = [
      testNodes.locks({ nodes: [testNodes.node(0)] }),
      testNodes.locks(),
      testNodes.locks(),
    ];
    await testNodes.run(stray.acquire("a", { ttl: 60_000, renew: false }));
    await testNodes.run(holder.acquire("a", { ttl: 5_000, renew: false }));
    let attempts = 0;
    locks.on("retrying", () => {
      attempts++;
    });
    const start = testNodes.clock.monotonic();
    await testNodes.run(locks.acquire("a"));
    expect(testNodes.clock.monotonic() - start).toBeLessThanOrEqual(5_000 + 15);
    expect(attempts).toBeLessThanOrEqual(2 + 7 + 5_000 / 300);
  });

  it("wakes no other waiter when it releases the grants of a minority", async () => {
    const testNodes = new TestNodes();
    const wakes: boolean[] = [];
    const nodes = testNodes.nodes.map((node) =>
      far(node, testNodes.clock, {
        delay: () => 1,
        sees: (command) => {
          if (command.op === "release") wakes.push(command.queue?.wake ?? false);
        },
      }),
    );
    // The holder does not use node 2, which therefore grants each attempt of the waiter.
    const [holder, locks] = [
      testNodes.locks({ nodes: testNodes.nodes.slice(0, 2), quarantine: false }),
      testNodes.locks({ nodes, quarantine: false }),
    ];
    const held = await testNodes.run(holder.acquire("a"));
    const waiting = locks.acquire("a");
    await testNodes.clock.advance(3_000);
    expect(wakes.length).toBeGreaterThan(3_000 / 500);
    expect(wakes).not.toContain(true);
    await held.release();
    const lease = await testNodes.run(waiting);
    await testNodes.run(lease.release());
    expect(wakes.slice(-3)).toEqual([true, true, true]);
  });

  it("gets the lock by asking when every message is lost", async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const contention = new Contention({ seed, size: 3, losesMessages: true });
      const open = await contention.begin();
      for (const name of [0, 1, 2, 3, 4]) contention.addCaller(name, name);
      await contention.clock.advance(500);
      open();
      await contention.end();
      expect([...contention.order].sort()).toEqual([0, 1, 2, 3, 4]);
      // A reservation for a waiter without messages expires after 50 ms, and the next waiter asks within 500 ms.
      expect(Math.max(...contention.gaps)).toBeLessThan(50 + 500 + 50);
    }
  });

  it("gets the lock by asking when its subscriptions are lost at any time", async () => {
    for (let at = 0; at <= 400; at += 20) {
      const testNodes = new TestNodes();
      const subscriptions = new Subscriptions(testNodes);
      const [holder, locks] = [testNodes.locks(), testNodes.locks({ nodes: subscriptions.nodes })];
      const held = await testNodes.run(holder.acquire("a"));
      const waiting = locks.acquire("a");
      await testNodes.clock.advance(at);
      subscriptions.lose();
      await testNodes.clock.advance(200);
      await held.release();
      expect(await timeToSettle(testNodes, waiting)).toBeLessThanOrEqual(500 + 5);
    }
  });

  it("gets the lock when the holder's TTL is over without subscriptions: its own queue position does not block it", async () => {
    for (const ttl of [700, 1_000, 1_300]) {
      const testNodes = new TestNodes();
      const subscriptions = new Subscriptions(testNodes);
      const [holder, locks] = [
        testNodes.locks({ renew: false }),
        testNodes.locks({ nodes: subscriptions.nodes }),
      ];
      const start = testNodes.clock.monotonic();
      await testNodes.run(holder.acquire("a", { ttl }));
      const waiting = locks.acquire("a");
      await testNodes.clock.advance(50);
      subscriptions.lose();
      await testNodes.run(waiting);
      expect(testNodes.clock.monotonic() - start).toBeLessThanOrEqual(ttl + 15);
    }
  });

  it("gets the lock when it was released between the denial and the subscription", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire("a"));
    // The nodes have denied the attempt, and there is no subscription yet.
    const waiting = locks.acquire("a");
    const released = held.release();
    expect(await timeToSettle(testNodes, Promise.all([waiting, released]))).toBeLessThanOrEqual(100 + 5);
  });

  it("gets the lock when a majority of nodes cannot publish messages", async () => {
    const testNodes = new TestNodes();
    const nodes = testNodes.nodes.map((node, index) => {
      if (index > 0) Object.defineProperty(node, "subscribe", { value: () => null });
      return node;
    });
    const [holder, locks] = [testNodes.locks({ nodes }), testNodes.locks({ nodes })];
    const held = await testNodes.run(holder.acquire("a"));
    const waiting = locks.acquire("a");
    await testNodes.clock.advance(1_000);
    await held.release();
    expect(await timeToSettle(testNodes, waiting)).toBeLessThanOrEqual(500 + 5);
  });

  it("gets the lock within its wait time, or fails", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire("a"));
    const late = locks.acquire("a", { wait: 330 }).catch((error: unknown) => error);
    expect(await timeToSettle(testNodes, late)).toBeLessThanOrEqual(330 + 5);
    expect(await late).toMatchObject({ code: "ACQUIRE_TIMEOUT", cause: { code: "LOCK_CONTENDED" } });
    const woken = locks.acquire("a", { wait: 330 });
    await testNodes.clock.advance(325);
    await held.release();
    await testNodes.run(woken, 5);
  });
});

describe("the subscriptions of a process", () => {
  it("are open once per node while a caller waits, and for a few seconds longer", async () => {
    const testNodes = new TestNodes();
    const subscriptions = new Subscriptions(testNodes);
    const [holder, locks] = [testNodes.locks(), testNodes.locks({ nodes: subscriptions.nodes })];
    await testNodes.run(locks.using("free", async () => {}));
    expect(subscriptions.opened).toEqual([0, 0, 0]);
    const names = ["a", "b", "c", "d"];
    const held = await Promise.all(names.map((name) => testNodes.run(holder.acquire(name))));
    const waiting = names.flatMap((name) => [1, 2].map(() => locks.using(name, async () => {})));
    await testNodes.clock.advance(1_000);
    expect(subscriptions.open).toEqual([1, 1, 1]);
    for (const lease of held) await lease.release();
    await testNodes.run(Promise.all(waiting));
    // A caller that takes a free lock does not wait, and keeps no subscription open.
    for (let at = 0; at < 4_900; at += 100) {
      await testNodes.run(locks.using("free", async () => {}));
      await testNodes.clock.advance(95);
    }
    expect(subscriptions.opened).toEqual([1, 1, 1]);
    await testNodes.clock.advance(500);
    expect(subscriptions.open).toEqual([0, 0, 0]);
  });

  it("stay open when the next caller waits in time", async () => {
    const testNodes = new TestNodes();
    const subscriptions = new Subscriptions(testNodes);
    const [holder, locks] = [testNodes.locks(), testNodes.locks({ nodes: subscriptions.nodes })];
    for (let times = 0; times < 3; times++) {
      const held = await testNodes.run(holder.acquire("a"));
      const waiting = locks.using("a", async () => {});
      await testNodes.clock.advance(3_000);
      await held.release();
      await testNodes.run(waiting);
      await testNodes.clock.advance(3_000);
    }
    expect(subscriptions.opened).toEqual([1, 1, 1]);
    await locks.close();
    expect(subscriptions.open).toEqual([0, 0, 0]);
  });

  it("end with close(), and no timer remains", async () => {
    const testNodes = new TestNodes();
    const before = testNodes.clock.pending;
    const subscriptions = new Subscriptions(testNodes);
    const [holder, locks] = [testNodes.locks(), testNodes.locks({ nodes: subscriptions.nodes })];
    const held = await testNodes.run(holder.acquire("a"));
    const abort = new AbortController();
    const options = [{}, {}, { fair: false }, { wait: 200 }, { signal: abort.signal }];
    const all = options.map((option) => locks.acquire("a", option).catch((error: Error) => error.name));
    await testNodes.clock.advance(300);
    abort.abort(new Error("enough"));
    await testNodes.run(locks.close());
    const closed = "ManagerClosedError";
    expect(await Promise.all(all)).toEqual([closed, closed, closed, "AcquireTimeoutError", "Error"]);
    expect(subscriptions.open).toEqual([0, 0, 0]);
    await held.release();
    await testNodes.run(holder.close());
    expect(testNodes.clock.pending).toBe(before);
  });
});
