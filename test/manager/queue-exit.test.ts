import { describe, expect, it } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import { ask } from "../engine/batches.js";
import { far } from "../support/far-node.js";
import { addDeadWaiter, reservedOn } from "./queues.js";
import { settle, TestNodes } from "./test-nodes.js";

const nowhere = [false, false, false];
const reason = (error: unknown) => (error instanceof Error ? error.name : error);

/** Holds "a" while another process waits for it. */
async function holdWithWaiter(testNodes: TestNodes, options: { wait?: number } = {}) {
  const [holder, first, second] = [testNodes.locks(), testNodes.locks(), testNodes.locks()] as const;
  const held = await testNodes.run(holder.acquire("a"));
  const abort = new AbortController();
  const leaving = first.acquire("a", { signal: abort.signal, ...options }).catch(reason);
  await testNodes.clock.advance(20);
  return { held, first, second, abort, leaving };
}

/** Returns the ms of virtual time until the promise resolves. */
async function timeToResolve(testNodes: TestNodes, waiting: Promise<unknown>): Promise<number> {
  const start = testNodes.clock.monotonic();
  await testNodes.run(waiting);
  return testNodes.clock.monotonic() - start;
}

/** Without grouping, the lock may have been granted in the same tick. In this case the lease is released. */
async function releaseIfGranted(leaving: Promise<unknown>): Promise<void> {
  const outcome = await leaving;
  if (outcome instanceof Object && "release" in outcome) await (outcome as Lease).release();
  else expect(["enough", "ManagerClosedError"]).toContain(outcome);
}

it("the queue position of a waiter is taken again on a node that has granted in vain", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks();
  await testNodes.run(locks.using("met", () => {}));
  // Another client holds the key on a majority.
  for (const node of testNodes.nodes.slice(1)) {
    const command = { op: "acquire", keys: ["a"], token: "foreign", ttl: 60_000 } as const;
    await ask(node, { command, wanted: () => true });
  }
  const abort = new AbortController();
  const waiting = locks.acquire("a", { signal: abort.signal }).catch(reason);
  await testNodes.clock.advance(300);
  expect(await reservedOn(testNodes.nodes, "a")).toEqual([true, false, false]);
  abort.abort("enough");
  expect(await waiting).toBe("enough");
  expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
});

describe("the queue position of a caller that gives up", () => {
  it("is removed when the caller is aborted while it waits", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await holdWithWaiter(testNodes);
    abort.abort("enough");
    expect(await leaving).toBe("enough");
    await held.release();
    expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is removed when the caller is aborted in the tick in which the wake-up arrives", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await holdWithWaiter(testNodes);
    await held.release();
    abort.abort("enough");
    await releaseIfGranted(leaving);
    await settle();
    expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is removed when the wait is over", async () => {
    const testNodes = new TestNodes();
    const { held, leaving } = await holdWithWaiter(testNodes, { wait: 700 });
    expect(await testNodes.run(leaving)).toBe("AcquireTimeoutError");
    await held.release();
    expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is removed when the retry policy gives up", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks({ retry: { count: 3, delay: 5 } })];
    const held = await testNodes.run(holder.acquire("a"));
    expect(await testNodes.run(locks.acquire("a").catch(reason))).toBe("LockContendedError");
    await held.release();
    expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is removed when the manager is closed, and its followers fail as well", async () => {
    const testNodes = new TestNodes();
    const { held, first, leaving } = await holdWithWaiter(testNodes);
    const followers = [1, 2, 3].map(() => first.acquire("a").catch(reason));
    await settle();
    await testNodes.run(first.close());
    expect(await Promise.all([leaving, ...followers])).toEqual(Array(4).fill("ManagerClosedError"));
    await held.release();
    expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is removed on an unresponsive node: the node hangs, and wakes", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await holdWithWaiter(testNodes);
    testNodes.node(2).hang();
    await testNodes.clock.advance(4_000);
    abort.abort("enough");
    await leaving;
    testNodes.node(2).wake();
    await settle();
    await held.release();
    await settle();
    expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is removed on a node that was down for a short time", async () => {
    const testNodes = new TestNodes();
    const { held, abort, leaving } = await holdWithWaiter(testNodes);
    testNodes.node(2).crash();
    await settle();
    abort.abort("enough");
    await leaving;
    testNodes.node(2).restart({ keepMemory: true });
    await testNodes.clock.advance(10);
    await held.release();
    await testNodes.clock.advance(10);
    expect(await reservedOn(testNodes.nodes, "a")).toEqual(nowhere);
  });

  it("is passed over at once by an abort and by close(): the next waiter gets the lock", async () => {
    const endings: ((first: Locks, abort: AbortController) => void)[] = [
      (_, abort) => abort.abort("enough"),
      (first) => void first.close(),
    ];
    for (const end of endings) {
      const testNodes = new TestNodes();
      const { held, first, second, abort, leaving } = await holdWithWaiter(testNodes);
      const next = second.acquire("a");
      await testNodes.clock.advance(20);
      await held.release();
      end(first, abort);
      await releaseIfGranted(leaving);
      expect(await timeToResolve(testNodes, next)).toBeLessThanOrEqual(5);
    }
  });

  it("is not needed to wake the next waiter: an attempt that is aborted undecided may have been granted", async () => {
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
    expect(await timeToResolve(testNodes, waiting)).toBeLessThanOrEqual(40 + 5);
  });
});

describe("a caller that waits behind a dead waiter", () => {
  it("gets the lock at its next attempt after the reservation for the dead waiter has expired", async () => {
    for (let times = 0; times < 10; times++) {
      const testNodes = new TestNodes();
      const [holder, locks] = [testNodes.locks(), testNodes.locks()];
      const held = await testNodes.run(holder.acquire("a"));
      const waiting = locks.acquire("a");
      await testNodes.clock.advance(20 + times * 40);
      await addDeadWaiter(testNodes.nodes, "a");
      await held.release();
      const taken = await timeToResolve(testNodes, waiting);
      expect(taken).toBeLessThanOrEqual(50 + 500 + 5);
    }
  });

  it("gets the lock of a dead holder within 15 ms of the end of its TTL", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks({ renew: false }), testNodes.locks()];
    await testNodes.run(holder.acquire("a", { ttl: 3_210 }));
    const waiting = locks.acquire("a");
    expect(await timeToResolve(testNodes, waiting)).toBeLessThanOrEqual(3_210 + 5 + 10);
  });

  it("gets the lock when the holder and the next waiter are dead", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks({ renew: false }), testNodes.locks()];
    await testNodes.run(holder.acquire("a", { ttl: 1_000 }));
    const waiting = locks.acquire("a");
    await testNodes.clock.advance(900);
    await addDeadWaiter(testNodes.nodes, "a");
    expect(await timeToResolve(testNodes, waiting)).toBeLessThanOrEqual(100 + 50 + 500 + 10);
  });
});
