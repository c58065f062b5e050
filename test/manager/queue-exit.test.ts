import { describe, expect, it } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import { far } from "../support/far-node.js";
import { keptOn, standIn } from "./queues.js";
import { settle, TestNodes } from "./test-nodes.js";

const nowhere = [false, false, false];
const reason = (error: unknown) => (error instanceof Error ? error.name : error);

/** "a" is held; somebody of another process waits for it. */
async function waitedFor(testNodes: TestNodes, options: { wait?: number } = {}) {
  const [holder, first, second] = [testNodes.locks(), testNodes.locks(), testNodes.locks()] as const;
  const held = await testNodes.run(holder.acquire("a"));
  const abort = new AbortController();
  const leaving = first.acquire("a", { signal: abort.signal, ...options }).catch(reason);
  await testNodes.clock.advance(20);
  return { held, first, second, abort, leaving };
}

/** ms of virtual time from now until it is granted. */
async function time(testNodes: TestNodes, waiting: Promise<unknown>): Promise<number> {
  const start = testNodes.clock.monotonic();
  await testNodes.run(waiting);
  return testNodes.clock.monotonic() - start;
}

/** One by one, it may have been granted within the turn: then it gives that back. */
async function given(leaving: Promise<unknown>): Promise<void> {
  const outcome = await leaving;
  if (outcome instanceof Object && "release" in outcome) await (outcome as Lease).release();
  else expect(["enough", "ManagerClosedError"]).toContain(outcome);
}

describe("the place of one who gives up", () => {
  it("is left when it is aborted while it waits", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await waitedFor(testNodes);
    abort.abort("enough");
    expect(await leaving).toBe("enough");
    await held.release();
    expect(await keptOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is left when it is aborted in the very turn in which it is told, and would ask", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await waitedFor(testNodes);
    await held.release();
    abort.abort("enough");
    await given(leaving);
    await settle();
    expect(await keptOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is left when its time is over", async () => {
    const testNodes = new TestNodes();
    const { held, leaving } = await waitedFor(testNodes, { wait: 700 });
    expect(await testNodes.run(leaving)).toBe("AcquireTimeoutError");
    await held.release();
    expect(await keptOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is left when its policy gives up", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks({ retry: { count: 3, delay: 5 } })];
    const held = await testNodes.run(holder.acquire("a"));
    expect(await testNodes.run(locks.acquire("a").catch(reason))).toBe("LockContendedError");
    await held.release();
    expect(await keptOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is left when its manager is closed, its followers' too", async () => {
    const testNodes = new TestNodes();
    const { held, first, leaving } = await waitedFor(testNodes);
    const followers = [1, 2, 3].map(() => first.acquire("a").catch(reason));
    await settle();
    await testNodes.run(first.close());
    expect(await Promise.all([leaving, ...followers])).toEqual(Array(4).fill("ManagerClosedError"));
    await held.release();
    expect(await keptOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is left on a node that was not asked any more: it hangs, and wakes", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await waitedFor(testNodes);
    testNodes.node(2).hang();
    await testNodes.clock.advance(4_000);
    abort.abort("enough");
    await leaving;
    testNodes.node(2).wake();
    await settle();
    await held.release();
    await settle();
    expect(await keptOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is left on a node that was down for a moment", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await waitedFor(testNodes);
    testNodes.node(2).crash();
    await settle();
    abort.abort("enough");
    await leaving;
    testNodes.node(2).restart({ keepMemory: true });
    await testNodes.clock.advance(10);
    await held.release();
    await testNodes.clock.advance(10);
    expect(await keptOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("passes the turn on at once: by an abort, by the end of its time, by closing", async () => {
    const endings: ((first: Locks, abort: AbortController) => void)[] = [
      (_, abort) => abort.abort("enough"),
      (first) => void first.close(),
    ];
    for (const end of endings) {
      const testNodes = new TestNodes();
      const { held, first, second, abort, leaving } = await waitedFor(testNodes);
      const next = second.acquire("a");
      await testNodes.clock.advance(20);
      await held.release();
      end(first, abort);
      await given(leaving);
      expect(await time(testNodes, next)).toBeLessThanOrEqual(5);
    }
  });

  it("is not needed to pass the turn on: an attempt that is given up undecided may have been granted", async () => {
    const testNodes = new TestNodes();
    const { clock } = testNodes;
    const nodes = testNodes.nodes.map((node) => far(node, clock, { delay: () => 40 }));
    const [hasty, patient] = [testNodes.locks({ nodes }), testNodes.locks()];
    await testNodes.run(Promise.all([hasty.using("b", async () => {}), patient.using("b", async () => {})]));
    const abort = new AbortController();
    const undecided = hasty.acquire("a", { signal: abort.signal }).catch(reason);
    await clock.advance(45);
    const waiting = patient.acquire("a");
    await clock.advance(5);
    abort.abort("enough");
    expect(await undecided).toBe("enough");
    expect(await time(testNodes, waiting)).toBeLessThanOrEqual(40 + 5);
  });
});

describe("who waits behind one who will not come", () => {
  it("gets the lock when it has been kept for that one for a moment, and at the next question", async () => {
    for (let times = 0; times < 10; times++) {
      const testNodes = new TestNodes();
      const [holder, locks] = [testNodes.locks(), testNodes.locks()];
      const held = await testNodes.run(holder.acquire("a"));
      const waiting = locks.acquire("a");
      await testNodes.clock.advance(20 + times * 40);
      await standIn(testNodes.nodes, "a");
      await held.release();
      const taken = await time(testNodes, waiting);
      expect(taken).toBeLessThanOrEqual(50 + 500 + 5);
    }
  });

  it("gets the lock of a holder that died when its ttl is over, to the ms", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks({ renew: false }), testNodes.locks()];
    await testNodes.run(holder.acquire("a", { ttl: 3_210 }));
    const waiting = locks.acquire("a");
    expect(await time(testNodes, waiting)).toBeLessThanOrEqual(3_210 + 5 + 10);
  });

  it("gets the lock of a holder and an heir that died together", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks({ renew: false }), testNodes.locks()];
    await testNodes.run(holder.acquire("a", { ttl: 1_000 }));
    const waiting = locks.acquire("a");
    await testNodes.clock.advance(900);
    await standIn(testNodes.nodes, "a");
    expect(await time(testNodes, waiting)).toBeLessThanOrEqual(100 + 50 + 500 + 10);
  });
});
